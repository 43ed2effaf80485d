-- What exactly failed, in a sentence, where more is known than the cause says.
ALTER TABLE attempts ADD COLUMN detail TEXT;
