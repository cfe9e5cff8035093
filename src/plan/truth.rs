//! Three-valued truth, and why something is undecided.
//!
//! What could not be read is neither true nor false. `and` and `or` are those of Kleene: `false and unknown` is false,
//! `true or unknown` is true, whatever the order. An unknown truth carries its causes, so that whoever acts on it can
//! tell what may be known later (a scanner that is down) from what never will (an encrypted part).

use std::collections::BTreeSet;
use std::sync::Arc;

/// Why something is undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CauseKind {
    /// A part is encrypted. For good.
    Encrypted,
    /// A part is damaged. For good.
    Corrupt,
    /// A limit was reached. For good.
    Limit,
    /// A format that cannot be read. For good.
    Unsupported,
    /// Reading took too long. For now.
    Timeout,
    /// Whoever knows the answer is down, has not been asked yet, or nobody is set up to know it. For now.
    Unavailable,
}

impl CauseKind {
    /// Every kind.
    pub const ALL: [CauseKind; 6] = [
        CauseKind::Encrypted,
        CauseKind::Corrupt,
        CauseKind::Limit,
        CauseKind::Unsupported,
        CauseKind::Timeout,
        CauseKind::Unavailable,
    ];

    /// Whether asking again later cannot help.
    pub fn is_for_good(self) -> bool {
        !matches!(self, CauseKind::Timeout | CauseKind::Unavailable)
    }

    /// The name as policies and records write it.
    pub fn name(self) -> &'static str {
        match self {
            CauseKind::Encrypted => "encrypted",
            CauseKind::Corrupt => "corrupt",
            CauseKind::Limit => "limit",
            CauseKind::Unsupported => "unsupported",
            CauseKind::Timeout => "timeout",
            CauseKind::Unavailable => "unavailable",
        }
    }
}

/// A set of kinds of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CauseSet(u8);

impl CauseSet {
    /// No cause.
    pub const NONE: CauseSet = CauseSet(0);
    /// Every cause.
    pub const ALL: CauseSet = CauseSet(63);

    /// The set of one.
    pub fn of(kind: CauseKind) -> CauseSet {
        CauseSet(1 << kind as u8)
    }

    /// What is in either.
    pub fn union(self, other: CauseSet) -> CauseSet {
        CauseSet(self.0 | other.0)
    }

    /// What is in both.
    pub fn intersection(self, other: CauseSet) -> CauseSet {
        CauseSet(self.0 & other.0)
    }

    /// Whether a kind is in it.
    pub fn contains(self, kind: CauseKind) -> bool {
        self.0 & CauseSet::of(kind).0 != 0
    }

    /// Whether all of another set are in it.
    pub fn covers(self, other: CauseSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its kinds.
    pub fn iter(self) -> impl Iterator<Item = CauseKind> {
        CauseKind::ALL.into_iter().filter(move |&kind| self.contains(kind))
    }
}

/// A cause with its place, in words: `encrypted` at `part 1.2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cause {
    /// Why.
    pub kind: CauseKind,
    /// Where: a part, an attachment, a lookup.
    pub place: Arc<str>,
}

/// Causes with their places, each once; at most [`Causes::KEPT`] of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Causes {
    all: Arc<BTreeSet<Cause>>,
}

impl Causes {
    /// Places kept of a kind: the first name the mistake, the rest would only fill memory.
    pub const KEPT: usize = 20;

    /// One cause.
    pub fn of(kind: CauseKind, place: impl Into<Arc<str>>) -> Causes {
        Causes { all: Arc::new(BTreeSet::from([Cause { kind, place: place.into() }])) }
    }

    /// Several causes.
    pub fn collect(causes: impl IntoIterator<Item = Cause>) -> Causes {
        let mut all = BTreeSet::new();
        for cause in causes {
            add(&mut all, cause);
        }
        Causes { all: Arc::new(all) }
    }

    /// The causes of both.
    pub fn union(self, other: &Causes) -> Causes {
        if other.all.is_subset(&self.all) {
            return self;
        }
        let mut all = Arc::unwrap_or_clone(self.all);
        for cause in other.all.iter() {
            add(&mut all, cause.clone());
        }
        Causes { all: Arc::new(all) }
    }

    /// Their kinds.
    pub fn kinds(&self) -> CauseSet {
        self.all.iter().fold(CauseSet::NONE, |set, cause| set.union(CauseSet::of(cause.kind)))
    }

    /// Whether asking again later cannot help: all of them are for good. Where one is for now its answer may still
    /// decide (`virus.found or text contains "x"` of an encrypted part), so it is asked first.
    pub fn is_for_good(&self) -> bool {
        self.all.iter().all(|cause| cause.kind.is_for_good())
    }

    /// The causes, ordered.
    pub fn iter(&self) -> impl Iterator<Item = &Cause> {
        self.all.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

fn add(all: &mut BTreeSet<Cause>, cause: Cause) {
    if all.iter().filter(|known| known.kind == cause.kind).count() < Causes::KEPT {
        all.insert(cause);
    }
}

/// True, false, or neither known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It holds.
    True,
    /// What it depends on could not be read or asked.
    Unknown(Causes),
}

impl Truth {
    /// True or false.
    pub fn from_bool(holds: bool) -> Truth {
        if holds { Truth::True } else { Truth::False }
    }

    /// Both hold. False wins over unknown; of two unknown the causes are joined.
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, truth) | (truth, Truth::True) => truth,
            (Truth::Unknown(left), Truth::Unknown(right)) => Truth::Unknown(left.union(&right)),
        }
    }

    /// One holds. True wins over unknown; of two unknown the causes are joined.
    pub fn or(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::True, _) | (_, Truth::True) => Truth::True,
            (Truth::False, truth) | (truth, Truth::False) => truth,
            (Truth::Unknown(left), Truth::Unknown(right)) => Truth::Unknown(left.union(&right)),
        }
    }

    /// Whether it holds for certain.
    pub fn is_true(&self) -> bool {
        matches!(self, Truth::True)
    }

    /// Whether it does not hold for certain.
    pub fn is_false(&self) -> bool {
        matches!(self, Truth::False)
    }

    /// Its causes, where it is unknown.
    pub fn causes(&self) -> Option<&Causes> {
        match self {
            Truth::Unknown(causes) => Some(causes),
            Truth::True | Truth::False => None,
        }
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::False => Truth::True,
            Truth::True => Truth::False,
            unknown @ Truth::Unknown(_) => unknown,
        }
    }
}
