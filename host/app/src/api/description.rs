//! The description of the interface (OpenAPI 3.1), made from the code, and a page to read it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::Api;

/// What no route says.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Portcullis",
        description = "Carries password resets and what belongs to them into directories, and tells the truth about each.\n\n\
                       Every error is a problem document (RFC 9457) whose `code` is stable. Moments are RFC 3339 in UTC. \
                       Bodies have at most 64 KiB; members that are not described here are refused.",
    ),
    tags(
        (name = "operations", description = "What is asked for, and what became of it"),
        (name = "service", description = "The service itself"),
    ),
)]
pub(super) struct Document;

/// The names of the ways to be known.
const SCHEMES: [&str; 2] = ["token", "certificate"];

/// Adds what is the same everywhere: how callers are known, and the errors that every route with a caller may have.
pub(super) fn complete(mut openapi: OpenApi) -> String {
    let mut token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    token = token.description(Some("A token that `portcullis token` made. On a unix socket the uid will do."));
    let components = openapi.components.get_or_insert_default();
    components.add_security_scheme(SCHEMES[0], SecurityScheme::Http(token.build()));
    let certificate = Some("A client certificate of an authority that the service believes.");
    components.add_security_scheme(
        SCHEMES[1],
        SecurityScheme::MutualTls { description: certificate.map(str::to_owned), extensions: None, deprecated: None },
    );
    for (path, item) in &mut openapi.paths.paths {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            let mut errors = vec![("default", "Any other error")];
            if operation.security.is_none() {
                operation.security = Some(SCHEMES.map(|name| SecurityRequirement::new(name, [""; 0])).into());
                errors.extend([
                    ("401", "Nobody is known by this credential"),
                    ("403", "The caller may not do this"),
                    ("429", "Asked too often; see `Retry-After`"),
                ]);
            }
            if path.starts_with("/v1/") {
                errors.extend([("400", "The request cannot be read"), ("503", "Not at the moment; see `Retry-After`")]);
            }
            for (status, description) in errors {
                let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                let response = ResponseBuilder::new().description(description);
                let response = response.content("application/problem+json", content).build();
                operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
            }
        }
    }
    openapi.to_json().unwrap_or_default()
}

/// Read this description
///
/// Without a credential. There is a page for people at `/docs/`.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "service",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)),
)]
pub(super) async fn openapi(State(api): State<Arc<Api>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], api.openapi.clone())
}

/// The page, from files that are part of this program. It asks no validator on another host.
pub(super) fn page() -> Router {
    let config = Config::new(["/v1/openapi.json"]).validator_url("none").try_it_out_enabled(false);
    SwaggerUi::new("/docs").config(config).into()
}
