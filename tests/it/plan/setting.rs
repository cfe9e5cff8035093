//! A policy set on the spot and a message to judge by it.

use mailfw::base::diagnostic::Diagnostics;
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language::hir::PolicyId;
use mailfw::language::modules::{ReadError, Sources};
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Recipient, Session};
use mailfw::plan::{Answer, Answers, Case, Evaluator, Outcome, Plan, PlanOptions, Question, Truth, Verdict};

const FRAME: &str = r#"
site {
    domains    @acme.example, @*.acme.example
    networks   10.0.0.0/8
    postmaster postmaster@acme.example
}

dictionary words  { "bluebird" weight 5
                    "joke" weight -1 }
dictionary heavy  { "bluebird" weight 5 }
dictionary capped { "bluebird" weight 3 at most 2 }
list friends      { bob@other.example, @friend.example }
list greetings    { "hello", "good day" }

template note { subject "Note"
                text "Something happened." }

directory people { user anna.smith@acme.example }

directory acme {
    domain @acme.example, @*.acme.example
    directory sales { domain @sales.acme.example }
"#;

struct Memory(String);

impl Sources for Memory {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadError> {
        if path == "main.mfp" { Ok(self.0.clone().into_bytes()) } else { Err(ReadError::NotFound) }
    }
}

/// The plan of a set with these policies in the directory `acme`.
pub fn judged(policies: &str) -> Plan {
    judged_with("use std::dlp::{card_number}", policies)
}

/// The same with these items before it.
pub fn judged_with(items: &str, policies: &str) -> Plan {
    planned_with(items, policies).unwrap()
}

/// The same, or why the plan cannot be made.
pub fn planned_with(items: &str, policies: &str) -> Result<Plan, Diagnostics> {
    planned_by(items, policies, PlanOptions::ALL)
}

/// The same with these options.
pub fn planned_by(items: &str, policies: &str, options: PlanOptions) -> Result<Plan, Diagnostics> {
    let text = format!("{items}\n{FRAME}\n{policies}\n}}\n");
    let checked = mailfw::language::check("main.mfp", &mut Memory(text.clone()), &SourceLimits::default());
    let Some(hir) = checked.hir else {
        let findings: Vec<String> = checked
            .diagnostics
            .sorted()
            .iter()
            .map(|one| format!("{}: {} at `{}`", one.code, one.message, checked.map.slice(one.primary.span)))
            .collect();
        panic!("{policies}\n{}", findings.join("\n"));
    };
    Plan::with(hir, options)
}

/// A message from Anna with these header lines and this body.
pub fn message(headers: &str, body: &str) -> String {
    format!(
        "From: Anna <anna@acme.example>\r\nTo: bob@other.example\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n{headers}\r\n{body}"
    )
}

/// Whether a condition holds for a message.
pub fn truth(condition: &str, message: &str) -> Truth {
    match Setting::of(condition, message).outcome() {
        Outcome::Triggered => Truth::True,
        Outcome::NotTriggered => Truth::False,
        Outcome::Undecided { causes } => Truth::Unknown(causes),
    }
}

/// A policy and a message.
pub struct Setting {
    plan: Plan,
    message: Message,
    envelope: Envelope,
    session: Session,
    answers: Answers,
}

impl Setting {
    /// A policy of one condition.
    pub fn of(condition: &str, message: &str) -> Setting {
        Setting::with_clauses(&format!("when {condition}"), message)
    }

    /// A policy of these clauses.
    pub fn with_clauses(clauses: &str, message: &str) -> Setting {
        let plan = judged(&format!("content policy probe for senders {{\n{clauses}\ntag \"probe\"\n}}"));
        Setting::by(plan, message)
    }

    /// A plan with a policy `probe`.
    pub fn by(plan: Plan, message: &str) -> Setting {
        let message = Message::parse(message.as_bytes(), &MessageLimits::default());
        let envelope = Envelope::from_headers(&message);
        let answers = Answers::new(Some(Answer::NotAsked));
        Setting { plan, message, envelope, session: Session::default(), answers }
    }

    pub fn from(mut self, sender: &str) -> Setting {
        self.envelope = self.envelope.with_sender(sender);
        self
    }

    pub fn to(mut self, recipients: &[&str]) -> Setting {
        self.envelope.recipients = recipients.iter().map(|text| Recipient::parse(text).unwrap()).collect();
        self
    }

    pub fn client(self, ip: &str) -> Setting {
        let session = Session { client_ip: Some(ip.parse().unwrap()), ..Session::default() };
        self.session(session)
    }

    pub fn session(mut self, session: Session) -> Setting {
        self.session = session;
        self
    }

    pub fn answers(mut self, answers: Answers) -> Setting {
        self.answers = answers;
        self
    }

    pub fn run<T>(&self, run: impl FnOnce(&mut Evaluator, PolicyId) -> T) -> T {
        let case = Case {
            message: &self.message,
            envelope: &self.envelope,
            session: &self.session,
            received: "2026-11-24T12:00:00Z".parse().unwrap(),
            lookups: &self.answers,
        };
        let probe = self.plan.hir().policies.iter().find(|policy| &*policy.name == "probe").unwrap().id;
        run(&mut Evaluator::new(&self.plan, case), probe)
    }

    pub fn verdict(&self) -> Verdict {
        self.run(|evaluator, policy| evaluator.policy(policy, 0))
    }

    pub fn outcome(&self) -> Outcome {
        self.verdict().outcome
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.run(|evaluator, policy| {
            (0..self.envelope.recipients.len())
                .map(|recipient| evaluator.policy(policy, recipient).outcome)
                .collect()
        })
    }

    pub fn outcome_and_missing(&self) -> (Outcome, Vec<Question>) {
        self.run(|evaluator, policy| {
            let outcome = evaluator.policy(policy, 0).outcome;
            (outcome, evaluator.missing().iter().cloned().collect())
        })
    }
}
