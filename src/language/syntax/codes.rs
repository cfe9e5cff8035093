//! The codes of what can be wrong with the writing of a policy file.

use crate::base::diagnostic::Code;

/// The file is not UTF-8.
pub const NOT_UTF8: Code = Code("mfp::source::not-utf8");
/// The file is larger than the limit.
pub const TOO_LARGE: Code = Code("mfp::source::too-large");
/// A control character stands in the file.
pub const CONTROL_CHARACTER: Code = Code("mfp::source::control-character");
/// A character that changes the direction of writing stands in the file.
pub const BIDIRECTIONAL: Code = Code("mfp::source::bidirectional-control");
/// Brackets, `not`s or interpolations are nested too deep.
pub const TOO_DEEP: Code = Code("mfp::syntax::too-deep");
/// One expression joins too many others.
pub const TOO_LONG: Code = Code("mfp::syntax::too-long");
/// There are more errors than are shown.
pub const TOO_MANY_ERRORS: Code = Code("mfp::syntax::too-many-errors");
/// A text has no closing quote on its line.
pub const UNTERMINATED_TEXT: Code = Code("mfp::syntax::unterminated-text");
/// A block text has no closing quotes, or closing quotes have no block text.
pub const UNTERMINATED_BLOCK: Code = Code("mfp::syntax::unterminated-block");
/// A regex has no closing slash on its line.
pub const UNTERMINATED_REGEX: Code = Code("mfp::syntax::unterminated-regex");
/// An interpolation is not closed in its text.
pub const UNCLOSED_INTERPOLATION: Code = Code("mfp::syntax::unclosed-interpolation");
/// A brace is not closed.
pub const UNCLOSED_BRACE: Code = Code("mfp::syntax::unclosed-brace");
/// A block lacks its opening brace.
pub const UNOPENED_BRACE: Code = Code("mfp::syntax::unopened-brace");
/// A closing brace closes nothing.
pub const STRAY_BRACE: Code = Code("mfp::syntax::stray-brace");
/// Something else was expected.
pub const EXPECTED: Code = Code("mfp::syntax::expected");
/// A keyword is misspelled.
pub const MISSPELLED: Code = Code("mfp::syntax::misspelled");
/// A clause is not known at all.
pub const UNKNOWN_CLAUSE: Code = Code("mfp::syntax::unknown-clause");
/// A clause stands in a kind of item that has no such clause.
pub const MISPLACED_CLAUSE: Code = Code("mfp::syntax::misplaced-clause");
/// An item is not known, or something stands outside items.
pub const UNKNOWN_ITEM: Code = Code("mfp::syntax::unknown-item");
/// A reserved word stands as a name.
pub const RESERVED: Code = Code("mfp::syntax::reserved-word");
/// A name has characters that names do not have.
pub const NAME: Code = Code("mfp::syntax::name");
/// An escape is not known.
pub const ESCAPE: Code = Code("mfp::syntax::escape");
/// A flag of a regex is not known.
pub const REGEX_FLAG: Code = Code("mfp::syntax::regex-flag");
/// A number is out of range.
pub const NUMBER: Code = Code("mfp::syntax::number");
/// A unit is not known.
pub const UNIT: Code = Code("mfp::syntax::unit");
/// A date or a time of day does not exist.
pub const DATE: Code = Code("mfp::syntax::date");
/// A network is none.
pub const NETWORK: Code = Code("mfp::syntax::network");
/// A domain is none.
pub const DOMAIN: Code = Code("mfp::syntax::domain");
/// A module is named without the names that are taken from it.
pub const USE_NAMES: Code = Code("mfp::syntax::use-names");
/// A text stands where nothing can be interpolated.
pub const INTERPOLATED: Code = Code("mfp::syntax::interpolated");
