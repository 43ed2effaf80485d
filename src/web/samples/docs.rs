//! The API's documentation with sample data.

use serde_json::json;

use super::Samples;
use crate::web::docs::content::Content;
use crate::web::docs::page::ApiDocs;

impl Samples {
    pub fn api_docs(&self) -> ApiDocs<'static> {
        let document = json!({
            "tags": [{"name": "Events", "description": self.t("What happened.")}],
            "paths": {"/api/v1/events": {"post": {
                "operationId": "publish_event", "tags": ["Events"], "summary": self.t("Publish event"),
                "description": self.t("Publishes."), "security": [{"token": [self.t("events:write")]}],
                "parameters": [{"name": self.t("after"), "in": "query", "description": self.t("Where.")}],
                "requestBody": {"content": {"application/json": {"example": {"type": self.t("it's")}}}},
                "responses": {"202": {"content": {"application/json": {"example": {"id": self.t("evt_1")}}}}},
            }}},
            "webhooks": {"user.created": {"post": {
                "description": self.t("A user."),
                "requestBody": {"content": {"application/json": {"example": {"id": self.t("evt_1")}}}},
            }}},
        });
        ApiDocs::new(self.theme, Box::leak(Box::new(Content::read(&document, "https://hooks.example.com"))))
    }
}
