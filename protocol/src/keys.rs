//! Keys of a TOML file: each is declared once, with its type, rule, default and documentation, by [`keys!`](crate::keys!).
//!
//! ```
//! use hge_protocol::keys::{Keys, Rule};
//! use serde::{Deserialize, Serialize};
//!
//! hge_protocol::keys! {
//!     /// Pace.
//!     #[derive(Debug, Serialize, Deserialize)]
//!     #[serde(default)]
//!     pub struct Pace {
//!         /// Samples a second.
//!         rate_hz: f64 [Rule::Positive] = 5000.0;
//!         /// Whether to wait.
//!         is_slow as "slow": bool = false;
//!     }
//! }
//! assert_eq!(Pace::default().rate_hz, 5000.0);
//! assert_eq!(Pace::KEYS[0].rule, Rule::Positive);
//! assert_eq!((Pace::KEYS[1].name, Pace::KEYS[1].documentation), ("slow", " Whether to wait."));
//! ```

/// What a single value may be. Floats are finite besides, under every rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Any value of its type.
    Any,
    /// Above zero.
    Positive,
    /// Zero or more.
    NotNegative,
    /// From 0 to below 1.
    Share,
    /// Between these, both included.
    Within(f64, f64),
    /// Volts within plus and minus the range of the widest output.
    WithinDacRange,
    /// Volts within plus and minus the ADC's range.
    WithinAdcRange,
    /// Volts above zero, at most the range of the widest output.
    PositiveToDacRange,
    /// A whole number.
    Count {
        /// The least.
        least: u32,
        /// The greatest.
        most: u32,
        /// What is wrong with another, behind the number and the key.
        problem: &'static str,
    },
    /// One of these names, each with what it means.
    OneOf(&'static [(&'static str, &'static str)]),
    /// A table with these keys.
    Section(&'static [Key]),
    /// A list of tables with these keys.
    Entries(&'static [Key]),
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// Name in the file.
    pub name: &'static str,
    /// What its value, or every value of its list, may be.
    pub rule: Rule,
    /// What it is, in Markdown.
    pub documentation: &'static str,
}

/// A table of a file.
pub trait Keys {
    /// Its keys, as they were declared.
    const KEYS: &'static [Key];
}

/// Declares a struct with its [`Keys`](crate::keys::Keys): fields `name as "key": type [rule] = default;`, of which the key's name, if it is the field's, and the
/// rule, if it is [`Rule::Any`](crate::keys::Rule::Any), may be left out. Without any defaults every key must be given. Fields of `besides` are none of the file.
#[macro_export]
macro_rules! keys {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@rule) => { $crate::keys::Rule::Any };
    (@rule $rule:expr) => { $rule };
    (@keys $struct:ident {
        $($(#[doc = $doc:literal])+ $field:ident $(as $name:literal)?: $([$rule:expr])?;)*
    }) => {
        impl $crate::keys::Keys for $struct {
            const KEYS: &'static [$crate::keys::Key] = &[$($crate::keys::Key {
                name: $crate::keys!(@name $field $($name)?),
                rule: $crate::keys!(@rule $($rule)?),
                documentation: concat!($($doc),+),
            }),*];
        }
    };
    (
        $(#[$attribute:meta])*
        pub struct $struct:ident {
            $($(#[doc = $doc:literal])+ $(#[serde($($serde:tt)*)])*
                $field:ident $(as $name:literal)?: $type:ty $([$rule:expr])? = $default:expr;)*
        }
        $(besides {
            $($(#[doc = $other_doc:literal])+ $other:ident: $other_type:ty = $other_default:expr;)*
        })?
    ) => {
        $(#[$attribute])*
        pub struct $struct {
            $($(#[doc = $doc])+ $(#[serde($($serde)*)])* $(#[serde(rename = $name)])? pub $field: $type,)*
            $($($(#[doc = $other_doc])+ #[serde(skip)] pub $other: $other_type,)*)?
        }

        impl Default for $struct {
            fn default() -> Self {
                $struct { $($field: $default,)* $($($other: $other_default,)*)? }
            }
        }

        $crate::keys!(@keys $struct { $($(#[doc = $doc])+ $field $(as $name)?: $([$rule])?;)* });
    };
    (
        $(#[$attribute:meta])*
        pub struct $struct:ident {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty $([$rule:expr])?;)*
        }
    ) => {
        $(#[$attribute])*
        pub struct $struct {
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        $crate::keys!(@keys $struct { $($(#[doc = $doc])+ $field: $([$rule])?;)* });
    };
}
