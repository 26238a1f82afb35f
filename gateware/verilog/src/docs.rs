//! Doc comments of the Rust sources, for the Verilog.

use super::EmitError;
use syn::{Attribute, Expr, ExprLit, GenericArgument, Item, Lit, Meta, PathArguments, Type};

/// The doc comments and field types of the structs in some Rust sources.
#[derive(Clone, Debug, Default)]
pub struct SourceDocs {
    structs: Vec<StructDocs>,
}

/// Comments of one struct.
#[derive(Clone, Debug)]
pub(super) struct StructDocs {
    name: String,
    /// Lines of the doc comment.
    pub docs: Vec<String>,
    fields: Vec<FieldDocs>,
}

/// Comment of one field.
#[derive(Clone, Debug)]
pub(super) struct FieldDocs {
    name: String,
    /// Lines of the doc comment.
    pub docs: Vec<String>,
    /// Name of the field's type, arrays and vectors removed.
    pub type_name: Option<String>,
    /// The literal constant arguments of the type.
    pub arguments: Vec<String>,
    /// A vector, which may have no elements.
    is_vector: bool,
}

impl SourceDocs {
    /// Reads Rust source texts, usually from `include_str!`.
    ///
    /// # Errors
    /// If a text is not Rust.
    pub fn from_sources(sources: &[&str]) -> Result<Self, EmitError> {
        let mut out = Self::default();
        for (index, text) in sources.iter().enumerate() {
            let file = syn::parse_file(text)
                .map_err(|error| EmitError::Source { index, reason: error.to_string() })?;
            let first = out.structs.len();
            out.add_items(&file.items);
            // What a file says of itself belongs to the block it is about: its first struct.
            let about = doc_lines(&file.attrs);
            if let (Some(block), false) = (out.structs.get_mut(first), about.is_empty()) {
                let own = std::mem::take(&mut block.docs);
                block.docs = about;
                if !own.is_empty() {
                    block.docs.push(String::new());
                    block.docs.extend(own);
                }
            }
        }
        Ok(out)
    }

    fn add_items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(module) => {
                    if let Some((_, items)) = &module.content {
                        self.add_items(items);
                    }
                }
                Item::Struct(item) => self.structs.push(StructDocs {
                    name: item.ident.to_string(),
                    docs: doc_lines(&item.attrs),
                    fields: item.fields.iter().filter_map(field_docs).collect(),
                }),
                _ => {}
            }
        }
    }

    /// The struct of this name that has all these fields.
    pub(super) fn find<'a>(
        &self,
        name: &str,
        fields: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<&StructDocs> {
        self.structs
            .iter()
            .filter(|docs| docs.name == name)
            .find(|docs| fields.clone().all(|field| docs.field(field).is_some()))
    }

    /// Name of the struct with exactly these fields, but for vectors without elements, for a type parameter.
    pub(super) fn name_of<'a>(
        &self,
        fields: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<&str> {
        self.structs
            .iter()
            .filter(|docs| {
                let is_own =
                    |own: &FieldDocs, name: &str| name.split('$').next() == Some(&own.name);
                let has_all = |own: &FieldDocs| fields.clone().any(|name| is_own(own, name));
                docs.fields.iter().all(|own| own.is_vector || has_all(own))
            })
            .find(|docs| fields.clone().all(|field| docs.field(field).is_some()))
            .map(|docs| docs.name.as_str())
    }
}

impl StructDocs {
    /// The field of this name; an array's index (`lane$3`) is ignored.
    pub fn field(&self, name: &str) -> Option<&FieldDocs> {
        let name = name.split('$').next()?;
        self.fields.iter().find(|field| field.name == name)
    }
}

fn field_docs(field: &syn::Field) -> Option<FieldDocs> {
    let (type_name, arguments) = match type_name(&field.ty) {
        Some((name, arguments)) => (Some(name), arguments),
        None => (None, Vec::new()),
    };
    Some(FieldDocs {
        name: field.ident.as_ref()?.to_string(),
        docs: doc_lines(&field.attrs),
        type_name,
        arguments,
        is_vector: is_vector(&field.ty),
    })
}

fn is_vector(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Vec"))
}

fn type_name(ty: &Type) -> Option<(String, Vec<String>)> {
    match ty {
        Type::Array(array) => type_name(&array.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let arguments: Vec<&GenericArgument> = match &last.arguments {
                PathArguments::AngleBracketed(list) => list.args.iter().collect(),
                _ => Vec::new(),
            };
            if last.ident == "Vec" || last.ident == "Box" {
                return match arguments.first()? {
                    GenericArgument::Type(inner) => type_name(inner),
                    _ => None,
                };
            }
            let literals = arguments
                .iter()
                .filter_map(|argument| match argument {
                    GenericArgument::Const(Expr::Lit(ExprLit { lit: Lit::Int(int), .. })) => {
                        Some(int.base10_digits().to_owned())
                    }
                    _ => None,
                })
                .collect();
            Some((last.ident.to_string(), literals))
        }
        _ => None,
    }
}

/// The lines of the doc comment, without the space that follows `///`.
fn doc_lines(attributes: &[Attribute]) -> Vec<String> {
    let mut lines = Vec::new();
    for attribute in attributes {
        let Meta::NameValue(meta) = &attribute.meta else {
            continue;
        };
        if !meta.path.is_ident("doc") {
            continue;
        }
        if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value {
            for line in text.value().split('\n') {
                lines.push(plain(line.strip_prefix(' ').unwrap_or(line).trim_end()));
            }
        }
    }
    lines
}

/// A line without rustdoc's links: ``[`a::b`]`` is `b`, and `[text](target)` its text.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        out += before;
        let Some((text, behind)) = after.split_once(']') else {
            return out + "[" + after;
        };
        let target = behind.strip_prefix('(').and_then(|behind| behind.split_once(')'));
        let path = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        match (target, path) {
            (Some(_), _) => out += text,
            (None, Some(path)) => out += &format!("`{}`", path.rsplit("::").next().unwrap_or(path)),
            (None, None) => out += &format!("[{text}]"),
        }
        rest = target.map_or(behind, |(_, behind)| behind);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_rustdoc_become_names() {
        let line = "See [`crate::leaf::late`] (bit [3]) and [the page](a.md), [`X`](x).";
        assert_eq!(plain(line), "See `late` (bit [3]) and the page, `X`.");
        assert_eq!(plain("half [open"), "half [open");
    }

    const SOURCE: &str = "
        /// A counter.
        ///
        /// Second part.
        pub struct Counter<const W: usize> {
            /// The clock.
            pub clock: Signal<In, Clock>,
            lanes: [Lane<8, W>; 4],
        }
        mod inner { pub struct Counter { other: u8 } }
    ";

    #[test]
    fn structs_and_fields_are_found_with_their_comments() -> Result<(), EmitError> {
        let docs = SourceDocs::from_sources(&[SOURCE])?;
        let counter = docs.find("Counter", ["clock", "lanes$2"].into_iter());
        assert_eq!(
            counter.map(|c| c.docs.clone()),
            Some(vec!["A counter.".into(), String::new(), "Second part.".into()])
        );
        let lane = counter.and_then(|c| c.field("lanes$1"));
        assert_eq!(lane.and_then(|l| l.type_name.as_deref()), Some("Lane"));
        assert_eq!(lane.map(|l| l.arguments.clone()), Some(vec!["8".into()]));
        assert!(docs.find("Counter", ["other"].into_iter()).is_some());
        assert!(docs.find("Counter", ["absent"].into_iter()).is_none());
        Ok(())
    }

    #[test]
    fn a_struct_is_known_by_its_fields_but_for_empty_vectors() -> Result<(), EmitError> {
        let source = "struct A { clock: Signal<In, Clock>, one: DFF<Bit>, some: Vec<DFF<Bit>> }";
        let docs = SourceDocs::from_sources(&[source])?;
        let name =
            |fields: &[&'static str]| docs.name_of(fields.iter().copied()).map(ToOwned::to_owned);
        assert_eq!(name(&["clock", "one"]).as_deref(), Some("A"));
        assert_eq!(name(&["clock", "one", "some$0", "some$1"]).as_deref(), Some("A"));
        assert_eq!(name(&["clock"]), None);
        assert_eq!(name(&["clock", "one", "other"]), None);
        Ok(())
    }

    #[test]
    fn what_a_file_says_of_itself_stands_above_its_first_block() -> Result<(), EmitError> {
        let docs = SourceDocs::from_sources(&["//! Ports.\n/// Own.\nstruct A; struct B;"])?;
        let lines = |name| docs.find(name, [].into_iter()).map(|found| found.docs.join("|"));
        assert_eq!(lines("A").as_deref(), Some("Ports.||Own."));
        assert_eq!(lines("B").as_deref(), Some(""));
        Ok(())
    }

    #[test]
    fn a_text_that_is_not_rust_is_refused() {
        assert!(SourceDocs::from_sources(&["struct {"]).is_err());
    }
}
