//! How a section of the configuration is declared: once, with the words that its documentation is made of.
//!
//! [`section!`] makes of a declaration the struct, its reader and its page of the documentation; [`words!`] does so for
//! a value that is one of some words. What is left out is read from the declared default, so that the documentation
//! cannot say another one than the program has.

/// A section as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its name; empty for the keys before the first section.
    pub name: &'static str,
    /// Whether there may be several: `[[name]]`.
    pub is_many: bool,
    /// What it is for, in the lines of its documentation.
    pub about: &'static [&'static str],
    /// Its keys.
    pub keys: &'static [Key],
}

impl Section {
    /// How it is written: `[[listen]]`, `[log]`, or in words for the keys before the first section.
    pub fn written(&self) -> String {
        match (self.name, self.is_many) {
            ("", _) => "the beginning of the file, before the first section".to_string(),
            (name, true) => format!("`[[{name}]]`"),
            (name, false) => format!("`[{name}]`"),
        }
    }
}

/// A key as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes, in words.
    pub kind: fn() -> String,
    /// A value, as it is written.
    pub example: fn() -> String,
    /// The words it takes, where it takes words.
    pub words: fn() -> &'static [Word],
    /// What it is where it is left out, as it would be written.
    pub default: Option<&'static str>,
    /// Whether it can be left out without a default.
    pub is_optional: fn() -> bool,
    /// What it means, in the lines of its documentation.
    pub about: &'static [&'static str],
}

/// A word that a key takes.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// As it is written.
    pub word: &'static str,
    /// What it means, in the lines of its documentation.
    pub about: &'static [&'static str],
}

/// Declares a section: the struct, how it is read, and its documentation.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident in $section:literal $(($many:ident))? {
            $($(#[doc = $key_about:literal])+ $key:ident: $kind:ty $(= $default:literal)?;)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[doc = $key_about])+ pub $key: $kind,)+
        }

        impl $name {
            /// The section as it is declared.
            pub const SECTION: $crate::relay::config::declare::Section =
                $crate::relay::config::declare::Section {
                    name: $section,
                    is_many: section!(@many $($many)?),
                    about: &[$($about),+],
                    keys: &[$($crate::relay::config::declare::Key {
                        name: stringify!($key),
                        kind: <$kind as $crate::relay::config::value::Value>::kind,
                        example: <$kind as $crate::relay::config::value::Value>::example,
                        words: <$kind as $crate::relay::config::value::Value>::words,
                        default: section!(@default $($default)?),
                        is_optional: || {
                            <$kind as $crate::relay::config::value::Value>::absent().is_some()
                        },
                        about: &[$($key_about),+],
                    }),+],
                };

            /// Reads every key; `None` where one of them is wrong, which is then told.
            pub(in crate::relay::config) fn read(
                table: &$crate::relay::config::reader::Table<'_>,
                reader: &mut $crate::relay::config::reader::Reader,
            ) -> Option<$name> {
                reader.see_that_known(table, &Self::SECTION);
                $(let $key = reader.get::<$kind>(
                    table,
                    &Self::SECTION,
                    stringify!($key),
                    section!(@default $($default)?),
                );)+
                Some($name { $($key: $key?),+ })
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    (@many) => { false };
    (@many many) => { true };
}

/// Declares a value that is one of some words: the enumeration, and how it is read.
macro_rules! words {
    (
        $(#[doc = $about:literal])+
        pub enum $name:ident {
            $($(#[doc = $word_about:literal])+ $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $word_about])+ $variant,)+
        }

        words! { for $name { $($(#[doc = $word_about])+ $variant = $word,)+ } }
    };
    (for $name:ident { $($(#[doc = $word_about:literal])+ $variant:ident = $word:literal,)+ }) => {
        impl $crate::relay::config::value::Value for $name {
            fn kind() -> String {
                $crate::relay::config::value::one_of(Self::words())
            }

            fn example() -> String {
                Self::words().first().map_or_else(String::new, |word| format!("\"{}\"", word.word))
            }

            fn words() -> &'static [$crate::relay::config::declare::Word] {
                &[$($crate::relay::config::declare::Word { word: $word, about: &[$($word_about),+] }),+]
            }

            fn read(
                found: &$crate::relay::config::reader::Found<'_>,
                reader: &mut $crate::relay::config::reader::Reader,
            ) -> Option<Self> {
                match reader.text::<Self>(found)? {
                    $($word => Some($name::$variant),)+
                    other => {
                        reader.unknown_word::<Self>(found, other);
                        None
                    }
                }
            }
        }
    };
}

pub(in crate::relay::config) use {section, words};
