//! A validator for the part of JSON Schema that `docs/schemas` uses, so that what is written is what is documented.

use serde_json::Value;
use std::path::PathBuf;

fn load(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/schemas").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// What is wrong with a value by a schema of `docs/schemas`, each with its path; empty where nothing is.
pub fn errors(schema: &str, value: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    check(schema, &load(schema), value, "$", &mut errors);
    errors
}

fn check(file: &str, schema: &Value, value: &Value, path: &str, errors: &mut Vec<String>) {
    for (keyword, wanted) in schema.as_object().unwrap() {
        match keyword.as_str() {
            // The schemas are open for readers; here every property must be documented.
            "$schema" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let (other, pointer) =
                    wanted.as_str().unwrap().split_once('#').unwrap_or((wanted.as_str().unwrap(), ""));
                let other = if other.is_empty() { file } else { other };
                let root = load(other);
                check(other, root.pointer(pointer).unwrap(), value, path, errors);
            }
            "type" => {
                let right = match wanted.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    other => panic!("the validator does not know the type {other}"),
                };
                if !right {
                    errors.push(format!("{path}: {value} is no {wanted}"));
                }
            }
            "const" if value != wanted => errors.push(format!("{path}: {value} is not {wanted}")),
            "const" => {}
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                errors.push(format!("{path}: {value} is none of {wanted}"));
            }
            "enum" => {}
            "minimum" if value.as_f64() < wanted.as_f64() => {
                errors.push(format!("{path}: {value} is below {wanted}"))
            }
            "minimum" => {}
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(file, wanted, item, &format!("{path}[{at}]"), errors);
                }
            }
            "anyOf" => {
                let failures = wanted.as_array().unwrap().iter().map(|choice| {
                    let mut errors = Vec::new();
                    check(file, choice, value, path, &mut errors);
                    errors
                });
                let fewest = failures.min_by_key(Vec::len).unwrap_or_default();
                errors.extend(fewest);
            }
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        errors.push(format!("{path}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    match wanted.get(name) {
                        Some(schema) => check(file, schema, inner, &format!("{path}.{name}"), errors),
                        None => errors.push(format!("{path}: {name} is not documented")),
                    }
                }
            }
            other => panic!("the validator does not know the keyword {other}"),
        }
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let right = serde_json::json!({"code": "mfp::x", "level": "error", "message": "m", "related": []});
    assert_eq!(errors("diagnostic.json", &right), Vec::<String>::new());
    let wrong = serde_json::json!({
        "code": 1, "level": "fatal", "odd": true, "start": {"line": 0, "column": 1, "offset": 2},
    });
    let found = errors("diagnostic.json", &wrong).join("\n");
    for part in
        ["\"message\" is missing", "$.code", "$.level", "odd is not documented", "$.start.line: 0 is below 1"]
    {
        assert!(found.contains(part), "{part}: {found}");
    }
}
