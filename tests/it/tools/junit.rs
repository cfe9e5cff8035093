use mailfw::tools::junit::{Case, Suite, render};
use std::time::Duration;

#[test]
fn results_are_counted_and_everything_is_escaped() {
    let suite = Suite {
        name: "policies/\"acme\"",
        cases: vec![
            Case { name: "a < b", file: "main.mfp", line: 7, time: Duration::from_millis(2), failure: None },
            Case {
                name: "control \u{1b} character",
                file: "main.mfp",
                line: 19,
                time: Duration::from_micros(500),
                failure: Some("expected `deliver`\nbut it was held & kept".to_string()),
            },
        ],
    };
    let xml = render(&suite);
    assert_eq!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"mailfw test\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0.002500\">\n  \
         <testsuite name=\"policies/&quot;acme&quot;\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0.002500\">\n    \
         <testcase classname=\"policies/&quot;acme&quot;\" name=\"a &lt; b\" file=\"main.mfp\" line=\"7\" time=\"0.002000\"/>\n    \
         <testcase classname=\"policies/&quot;acme&quot;\" name=\"control \u{fffd} character\" file=\"main.mfp\" line=\"19\" time=\"0.000500\">\n      \
         <failure type=\"expectation\" message=\"expected `deliver`\">expected `deliver`&#10;but it was held &amp; kept</failure>\n    \
         </testcase>\n  \
         </testsuite>\n</testsuites>\n"
    );
}
