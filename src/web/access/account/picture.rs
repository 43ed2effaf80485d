//! A text as a picture that phones read, as lines of an SVG: the content policy allows nothing else.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

use crate::web::fault::Fault;

/// The empty space around it, in modules.
const QUIET: i32 = 4;

/// A QR code.
#[derive(Clone)]
pub struct Picture {
    /// How wide and high it is with the space around it, in modules.
    pub size: i32,
    /// The dark modules, as the data of an SVG path.
    pub path: String,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Picture(…)")
    }
}

impl Picture {
    /// The picture of a text.
    pub fn of(text: &str) -> Result<Self, Fault> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium)
            .map_err(|e| Fault::Internal(format!("no picture: {e}")))?;
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                let dark = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
                let dark = i32::try_from(dark).unwrap_or(0);
                if dark > 0 {
                    // Writing to a text cannot fail.
                    let _ = write!(path, "M{} {}h{dark}v1h-{dark}z", x + QUIET, y + QUIET);
                }
                x += dark + 1;
            }
        }
        Ok(Self { size: code.size() + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_three_corners_phones_look_for() {
        let picture =
            Picture::of("otpauth://totp/Bellwire:jo%40ours.example?secret=GEZDGNBVGY3TQOJQ").unwrap();
        let far = picture.size - QUIET - 7;
        for (x, y) in [(QUIET, QUIET), (far, QUIET), (QUIET, far)] {
            assert!(picture.path.contains(&format!("M{x} {y}h7v1h-7z")), "{x} {y}");
        }
        assert!(!picture.path.contains(&format!("M{far} {far}h7")));
    }
}
