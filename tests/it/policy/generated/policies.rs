//! Generated policies, and sets of them in a tree of directories.

use super::super::support::SITE;
use super::dice::Dice;
use super::grammar::{USES, sentence};
use proptest::prelude::*;

/// What the policies of every generated set speak of.
pub const ITEMS: &str = r#"
calendar office { timezone "Europe/Berlin" open mon..fri 08:00..18:00 closed 2026-01-01 }
dictionary names { "alpha" weight 2 word "beta" weight 3 /gam+a/i weight 5 at most 2 }
dictionary heavy { "omega" weight 9 "wire" weight 1 at most 1 word "invoice" weight -4 }
detector long_number { pattern /\d{4,6}/ }
list friends { desk@bank.example @friends.example }
list everybody { anna@acme.example ceo@acme.example @bank.example @*.example }
list words { "alpha" "omega" "wire transfer" }
list nets { 192.0.2.0/24 2001:db8::/32 }
criterion outbound = sender in site and recipient outside site
criterion large(a: attachment) = a.size > 1 KB
criterion shared_words = (subject contains "alpha" and body contains "beta") or text contains "omega"
criterion shared_people = (sender in acme or recipient in partners) and not client in site
criterion shared_all = (shared_words or shared_people) and (message.size > 600 B or shared_words)
criterion large_mail = message.size > 1 KB
certificates strong { minimum 2048 }
template page { subject "{subject}" text "{policy.because} {policy.matches}" html "<p>{policy.name} for {recipients}</p>" }
"#;

/// Where policies stand; the second lies inside the first.
const PLACES: usize = 4;

/// A policy without its name.
#[derive(Debug, Clone)]
pub struct Generated {
    pub manager: &'static str,
    pub side: &'static str,
    /// The directory: acme, its board, its sales people or the partners.
    pub place: usize,
    pub modifiers: Vec<&'static str>,
    /// It overrides one of the policies above it, where there is one: the one that this number comes to.
    pub overrides: Option<usize>,
    pub because: Option<String>,
    pub whens: Vec<String>,
    pub unlesses: Vec<String>,
    pub effects: Vec<String>,
    /// The board excepts it under that condition, where it stands above the board.
    pub excepted: Option<String>,
}

/// A condition.
pub fn condition_of(dice: &mut Dice) -> String {
    if dice.percent(3) { wide(dice) } else { sentence("condition", dice) }
}

/// A condition of more parts than a plan writes into one.
fn wide(dice: &mut Dice) -> String {
    let (parts, joined, contrary) = *dice.pick(&[(66, "or", ""), (130, "and", "not "), (300, "or", "")]);
    let parts: Vec<String> =
        (0..parts).map(|_| format!("{contrary}({})", sentence("narrow", dice))).collect();
    let whole = parts.join(&format!(" {joined} "));
    if dice.percent(50) { format!("({}) and ({whole})", sentence("atom", dice)) } else { whole }
}

/// A policy.
pub fn policy_of(dice: &mut Dice) -> Generated {
    let conditions = |dice: &mut Dice, chances: &[usize]| -> Vec<String> {
        let count = *dice.pick(chances);
        (0..count).map(|_| condition_of(dice)).collect()
    };
    let mut modifiers = Vec::new();
    for (chance, modifier) in
        [(12, "mandatory"), (6, "observe"), (3, "off"), (5, "from 2026-01-01"), (5, "until 2026-01-02")]
    {
        if dice.percent(chance) {
            modifiers.push(modifier);
        }
    }
    let modes = |modifier: &&'static str| matches!(*modifier, "observe" | "off");
    if modifiers.iter().filter(|modifier| modes(modifier)).count() > 1 {
        modifiers.retain(|modifier| *modifier != "off");
    }
    let mut effects: Vec<String> = (0..1 + dice.below(3)).map(|_| sentence("effect", dice)).collect();
    let mut seen: Vec<String> = Vec::new();
    effects.retain(|effect| {
        let words: Vec<&str> = effect.split(' ').collect();
        let single = matches!(words[0], "severity" | "redirect" | "route" | "encrypt" | "sign" | "decrypt");
        let kind = if single { words[0].to_string() } else { words[..words.len().min(3)].join(" ") };
        let kind = if words[0] == "set" { words[..2].join(" ") } else { kind };
        let is_new = !seen.contains(&kind);
        seen.push(kind);
        is_new
    });
    if dice.percent(60) {
        effects.push(format!("then {}", sentence("disposition", dice)));
    }
    Generated {
        manager: dice.pick::<&str>(&["access", "format", "virus", "security", "content"]),
        side: dice.pick::<&str>(&["senders", "recipients", "both"]),
        place: *dice.pick(&[0, 0, 0, 1, 1, 2, 3]),
        modifiers,
        overrides: dice.percent(12).then(|| dice.below(1_000)),
        because: dice.percent(40).then(|| format!("NAME because of {{subject}} {}", dice.below(9))),
        whens: conditions(dice, &[0, 1, 1, 1, 1, 2]),
        unlesses: conditions(dice, &[0, 0, 0, 1]),
        effects,
        excepted: dice.percent(6).then(|| condition_of(dice)),
    }
}

/// The same for properties that shrink a set by leaving policies out.
pub fn policy() -> impl Strategy<Value = Generated> {
    any::<u64>().prop_map(|seed| policy_of(&mut Dice::new(seed)))
}

pub fn condition() -> impl Strategy<Value = String> {
    any::<u64>().prop_map(|seed| condition_of(&mut Dice::new(seed)))
}

impl Generated {
    fn is_mandatory(&self) -> bool {
        self.modifiers.contains(&"mandatory")
    }

    fn written(&self, name: &str, overrides: Option<String>, turned: bool) -> String {
        let mut clauses: Vec<String> =
            self.because.iter().map(|because| format!("because \"{because}\"")).collect();
        clauses.extend(self.whens.iter().map(|when| format!("when {when}")));
        clauses.extend(self.unlesses.iter().map(|unless| format!("unless {unless}")));
        clauses.extend(self.effects.iter().cloned());
        if turned {
            clauses.reverse();
        }
        let mut modifiers: Vec<String> = self.modifiers.iter().map(|one| (*one).to_string()).collect();
        modifiers.extend(overrides.map(|other| format!("overrides {other}")));
        let body = clauses.join("\n    ").replace("NAME", name);
        format!(
            "{} policy {name} for {} {} {{\n    {body}\n}}\n",
            self.manager,
            self.side,
            modifiers.join(" ")
        )
    }
}

/// The policy that one in a deeper directory overrides: one above it that is not mandatory.
fn overridden(policies: &[Generated], at: usize) -> Option<String> {
    let policy = &policies[at];
    let number = policy.overrides.filter(|_| matches!(policy.place, 1 | 2))?;
    let above: Vec<usize> = (0..policies.len())
        .filter(|&other| policies[other].place == 0 && !policies[other].is_mandatory())
        .collect();
    Some(format!("p{}", above.get(number.checked_rem(above.len())?)?))
}

/// A whole set; `turned` writes everything in the opposite order.
pub fn set(policies: &[Generated], turned: bool) -> String {
    set_with(policies, turned, "")
}

/// The same with more entries of the directory of sales people.
pub fn set_with(policies: &[Generated], turned: bool, sales: &str) -> String {
    let mut places = vec![String::new(); PLACES];
    let order: Vec<usize> =
        if turned { (0..policies.len()).rev().collect() } else { (0..policies.len()).collect() };
    let mut excepted = String::new();
    for at in order {
        let policy = &policies[at];
        let name = format!("p{at}");
        places[policy.place].push_str(&policy.written(&name, overridden(policies, at), turned));
        if let Some(condition) = &policy.excepted
            && policy.place == 0
            && !policy.is_mandatory()
        {
            excepted.push_str(&format!("except {name} when {condition}\n"));
        }
    }
    let [acme, board, salespeople, partners] = places.as_slice() else { unreachable!() };
    let mut entries = [
        format!("domain @acme.example, @*.acme.example\n{acme}"),
        format!("directory board {{ user ceo@acme.example\n{excepted}{board} }}"),
        format!("directory sales {{ domain @sales.acme.example\n{sales}\n{salespeople} }}"),
    ];
    if turned {
        entries.reverse();
    }
    let mut items = [
        SITE.to_string(),
        ITEMS.to_string(),
        format!("directory acme {{\n{}\n}}", entries.join("\n")),
        format!("directory partners {{ domain @bank.example\n{partners} }}"),
    ];
    if turned {
        items.reverse();
    }
    format!("{}{}", *USES, items.join("\n"))
}
