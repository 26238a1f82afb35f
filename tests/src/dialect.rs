//! Checks that kernels keep to the dialect of `docs/dialect.md`, in which Rust and Verilog mean the same.
//!
//! A kernel is the body of a function marked `#[hdl_gen]`. The check is syntactic: it knows the types of a struct's own
//! fields, not those of a child's ports. `emit::verilog` knows all types and makes the final check.

mod expression;
mod signal;

use std::collections::BTreeMap;
use std::fmt;
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprMatch, Item, Pat, RangeLimits, Stmt};

/// One place where a kernel leaves the dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The file, as given.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Checks every kernel of a Rust source text.
pub fn check_source(path_for_messages: &str, text: &str) -> Vec<Violation> {
    let file = match syn::parse_file(text) {
        Ok(file) => file,
        Err(error) => {
            return vec![Violation {
                path: path_for_messages.to_owned(),
                line: error.span().start().line,
                message: format!("not Rust: {error}"),
            }]
        }
    };
    let mut checker = Checker::default();
    checker.read_structs(&file.items);
    checker.items(&file.items);
    checker
        .found
        .into_iter()
        .map(|(line, message)| Violation { path: path_for_messages.to_owned(), line, message })
        .collect()
}

/// The number of kernels in a Rust source text.
pub fn count_kernels(text: &str) -> usize {
    let mut checker = Checker::default();
    if let Ok(file) = syn::parse_file(text) {
        checker.items(&file.items);
    }
    checker.kernels
}

#[derive(Default)]
struct Checker {
    /// Struct to field to whether its signal is signed.
    structs: BTreeMap<String, BTreeMap<String, bool>>,
    /// The struct whose kernel is being checked.
    current: String,
    kernels: usize,
    found: Vec<(usize, String)>,
}

impl Checker {
    fn report(&mut self, place: &impl Spanned, what: &str, remedy: &str) {
        self.found.push((place.span().start().line, format!("{what}; {remedy}")));
    }

    fn read_structs(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(module) => {
                    if let Some((_, items)) = &module.content {
                        self.read_structs(items);
                    }
                }
                Item::Struct(item) => {
                    let fields = item.fields.iter().filter_map(|field| {
                        let name = field.ident.as_ref()?.to_string();
                        Some((name, signal::is_signed_type(&field.ty)))
                    });
                    self.structs.insert(item.ident.to_string(), fields.collect());
                }
                _ => {}
            }
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(module) => {
                    if let Some((_, items)) = &module.content {
                        self.items(items);
                    }
                }
                Item::Impl(item) => {
                    if let syn::Type::Path(path) = item.self_ty.as_ref() {
                        self.current = path
                            .path
                            .segments
                            .last()
                            .map_or(String::new(), |s| s.ident.to_string());
                    }
                    for member in &item.items {
                        if let syn::ImplItem::Fn(function) = member {
                            let is_kernel = |a: &syn::Attribute| {
                                a.path().segments.last().is_some_and(|s| s.ident == "hdl_gen")
                            };
                            if function.attrs.iter().any(is_kernel) {
                                self.kernels += 1;
                                self.block(&function.block);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Expr(expr, _) => self.statement(expr),
                Stmt::Macro(stmt) => self.statement_macro(&stmt.mac),
                Stmt::Local(_) => {
                    self.report(stmt, "`let` in a kernel", "use a `Signal<Local, ..>` field");
                }
                Stmt::Item(_) => {
                    self.report(stmt, "an item in a kernel", "put it outside");
                }
            }
        }
    }

    fn statement_macro(&mut self, mac: &syn::Macro) {
        let name = mac.path.segments.last().map_or(String::new(), |s| s.ident.to_string());
        if !["dff_setup", "clock", "comment"].contains(&name.as_str()) {
            self.report(mac, &format!("`{name}!` in a kernel"), "write plain statements");
        }
    }

    fn statement(&mut self, expr: &Expr) {
        match expr {
            Expr::Assign(assign) => {
                self.target(&assign.left);
                self.value(&assign.right);
            }
            Expr::If(conditional) => {
                self.condition(&conditional.cond);
                self.block(&conditional.then_branch);
                match conditional.else_branch.as_ref().map(|(_, branch)| branch.as_ref()) {
                    None => {}
                    Some(Expr::Block(block)) => self.block(&block.block),
                    Some(other) => self.statement(other),
                }
            }
            Expr::Match(case) => self.case(case),
            Expr::Macro(expr) => self.statement_macro(&expr.mac),
            Expr::Block(block) => self.block(&block.block),
            Expr::ForLoop(each) => {
                if !matches!(each.pat.as_ref(), Pat::Ident(_)) {
                    self.report(&each.pat, "a pattern as loop variable", "use a plain name");
                }
                match each.expr.as_ref() {
                    Expr::Range(range) => {
                        if matches!(range.limits, RangeLimits::Closed(_)) {
                            self.report(
                                range,
                                "an inclusive range, emitted without its last turn",
                                "write `0..N`",
                            );
                        }
                        if range.start.is_none() || range.end.is_none() {
                            self.report(range, "an open range", "write `0..N`");
                        }
                    }
                    other => self.report(other, "a loop over no plain range", "write `0..N`"),
                }
                self.block(&each.body);
            }
            Expr::MethodCall(call) if call.method == "set_bit" || call.method == "set_bits" => {
                self.report(call, "`set_bit`, which rust-hdl cannot emit", "use `replace_bit`");
            }
            Expr::Call(call) => self.report(
                call,
                "a call as a statement (`join`, `link` or a function)",
                "assign each signal",
            ),
            Expr::Binary(binary) => {
                self.report(binary, "a compound assignment", "write `x.next = x.val() + ..`");
            }
            Expr::Tuple(tuple) if tuple.elems.is_empty() => {}
            other => self.report(other, "a statement outside the dialect", "see docs/dialect.md"),
        }
    }

    fn case(&mut self, case: &ExprMatch) {
        self.scrutinee(&case.expr);
        for arm in &case.arms {
            if let Some((_, guard)) = &arm.guard {
                self.report(
                    guard.as_ref(),
                    "a match guard, which is dropped",
                    "use an `if` in the arm",
                );
            }
            match &arm.pat {
                Pat::Wild(_) | Pat::Lit(_) => {}
                Pat::Path(path) if path.path.segments.len() == 2 => {}
                Pat::Or(pat) => self.report(pat, "an or-pattern", "write an arm for each"),
                Pat::Range(pat) => self.report(pat, "a range pattern", "use `if` comparisons"),
                pat => self.report(
                    pat,
                    "a pattern that is neither `Type::Variant`, a literal nor `_`",
                    "write the variant with its type, or the number",
                ),
            }
            match arm.body.as_ref() {
                Expr::Block(block) => self.block(&block.block),
                body => self.statement(body),
            }
        }
    }
}
