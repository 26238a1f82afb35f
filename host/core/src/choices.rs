//! Choices by name: the values of an enumeration with their names in files and on the command line, and their documentation.

/// Declares an enumeration whose values are names, the default one behind `else`.
macro_rules! choices {
    (
        $(#[$attribute:meta])*
        pub enum $enum:ident else $default:ident {
            $($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
        pub enum $enum {
            $($(#[doc = $doc])+ #[serde(rename = $name)] #[cfg_attr(feature = "clap", value(name = $name))] $variant,)+
        }

        impl Default for $enum {
            fn default() -> Self {
                $enum::$default
            }
        }

        impl $enum {
            /// All of them.
            pub const ALL: [$enum; [$($enum::$variant),+].len()] = [$($enum::$variant),+];

            /// Name in files and on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $($enum::$variant => $name,)+
                }
            }

            /// The rule of a key with one of these as its value.
            pub const RULE: hge_protocol::keys::Rule =
                hge_protocol::keys::Rule::OneOf(&[$(($name, concat!($($doc),+))),+]);
        }
    };
}
