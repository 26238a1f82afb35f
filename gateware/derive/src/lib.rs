//! Derive of the `Inputs` trait of `hge-gateware`: whether an input of a core differs from the value that the core has taken.

#![forbid(unsafe_code)]

use proc_macro::{TokenStream, TokenTree};

/// Implements `Inputs` for a struct with named fields: an input has changed if one of its public fields has.
///
/// A core's ports are its public fields, so that none can be forgotten. Type parameters keep their bounds; a `where` clause,
/// a default of a parameter and a lifetime are not supported.
#[proc_macro_derive(Inputs)]
pub fn inputs(item: TokenStream) -> TokenStream {
    let mut tokens = item.into_iter().skip_while(|token| !is_word(token, "struct")).skip(1);
    let name = tokens.next().map(|token| token.to_string()).unwrap_or_default();
    let mut parameters = Vec::new();
    let mut fields = TokenStream::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => fields = group.stream(),
            token => parameters.push(token.to_string()),
        }
    }
    let names = parameter_names(&parameters);
    let conditions = match public_fields(fields) {
        ports if ports.is_empty() => "false".to_owned(),
        ports => ports
            .iter()
            .map(|port| format!("self.{port}.inputs_changed()"))
            .collect::<Vec<_>>()
            .join(" || "),
    };
    let text = format!(
        "impl {} crate::gated::Inputs for {name} {names} {{ fn inputs_changed(&self) -> bool {{ {conditions} }} }}",
        parameters.join(" "),
    );
    match text.parse() {
        Ok(tokens) => tokens,
        Err(error) => format!("compile_error!(\"Inputs: {error}\");").parse().unwrap_or_default(),
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident.to_string() == word)
}

/// `<P>` of `<P : Pass>`: each parameter without its bounds.
fn parameter_names(parameters: &[String]) -> String {
    let mut bounded = false;
    let kept = parameters.iter().filter(|token| {
        match token.as_str() {
            ":" => bounded = true,
            "," | ">" => bounded = false,
            _ => {}
        }
        !bounded
    });
    kept.map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Names of the fields that are `pub` without restriction.
fn public_fields(fields: TokenStream) -> Vec<String> {
    let (mut ports, mut depth, mut at_start, mut is_public) = (Vec::new(), 0_i32, true, false);
    for token in fields {
        match &token {
            TokenTree::Punct(mark) => match mark.as_char() {
                '<' => depth += 1,
                '>' => depth -= 1,
                ',' if depth == 0 => (at_start, is_public) = (true, false),
                _ => {}
            },
            TokenTree::Ident(_) if at_start && is_word(&token, "pub") => is_public = true,
            TokenTree::Ident(ident) if at_start => {
                at_start = false;
                if is_public {
                    ports.push(ident.to_string());
                }
            }
            // `pub(crate)`: wiring within the crate is no port of the core.
            TokenTree::Group(_) if is_public && at_start => is_public = false,
            _ => {}
        }
    }
    ports
}
