//! Expressions and statements as Verilog.
//!
//! Every expression is printed so that its own width is that of its type, and its context has that width, so
//! Verilog never extends a value before an operator. The only exception is a product, which is a complete right-hand side.

use super::flow::is_complete;
use super::ir::{Expr, ExprKind, Label, NetId, Operator, Stmt};
use super::scope::Scope;
use std::collections::BTreeMap;

/// One step of indentation.
pub(super) const INDENT: &str = "    ";

/// Prints the code of one module.
pub(super) struct Printer<'a> {
    pub scope: &'a Scope,
    /// Verilog names of the enum variants in use.
    pub variants: &'a BTreeMap<String, String>,
}

/// A printed expression.
struct Text {
    text: String,
    /// The operator at the top, if parentheses may be needed.
    top: Option<Operator>,
    /// Whether a sign or a reduction begins it, which no unary operator may precede.
    prefixed: bool,
    /// Whether Verilog takes it as signed.
    signed: bool,
}

impl Printer<'_> {
    /// An expression, without parentheses around it.
    pub fn expr(&self, e: &Expr) -> String {
        self.text(e).text
    }

    /// An expression at a port, whose width is the same: no cast, over which Yosys 0.23 stops.
    pub fn connection(&self, e: &Expr) -> String {
        match &e.kind {
            ExprKind::Reinterpret(inner) => self.connection(inner),
            _ => self.expr(e),
        }
    }

    fn name(&self, net: NetId) -> &str {
        &self.scope.nets[net].name
    }

    /// Bits of a net; the whole net if they are all of it.
    fn bits(&self, net: NetId, low: usize, width: usize) -> String {
        let name = self.name(net);
        if width == self.scope.nets[net].ty.width {
            name.to_owned()
        } else if width == 1 {
            format!("{name}[{low}]")
        } else {
            format!("{name}[{}:{low}]", low + width - 1)
        }
    }

    fn variant(&self, key: &str) -> String {
        self.variants.get(key).cloned().unwrap_or_else(|| key.replace('$', "_"))
    }

    fn text(&self, e: &Expr) -> Text {
        let atom = |text: String, signed| Text { text, top: None, prefixed: false, signed };
        match &e.kind {
            ExprKind::Net(net) => {
                atom(self.name(*net).to_owned(), self.scope.nets[*net].ty.is_signed())
            }
            ExprKind::Literal(literal) => {
                let signed = e.ty.is_signed();
                atom(literal.print(signed), signed)
            }
            ExprKind::Variant(key) => atom(self.variant(key), false),
            ExprKind::Not(inner) => {
                let symbol = if e.ty.width == 1 { "!" } else { "~" };
                self.unary(symbol, inner, false)
            }
            ExprKind::Negate(inner) => self.unary("-", inner, false),
            ExprKind::Reduce(symbol, inner) => self.unary(symbol, inner, true),
            ExprKind::Binary(operator, a, b) => self.binary(*operator, a, b),
            ExprKind::Slice(net, low) => {
                let whole = e.ty.width == self.scope.nets[*net].ty.width;
                let signed = whole && self.scope.nets[*net].ty.is_signed();
                atom(self.bits(*net, *low, e.ty.width), signed)
            }
            ExprKind::PartSelect(net, position) => {
                let text = if self.scope.nets[*net].ty.width == 1 {
                    self.name(*net).to_owned()
                } else {
                    format!("{}[{}]", self.name(*net), self.expr(position))
                };
                atom(text, false)
            }
            ExprKind::Resize(inner) => atom(self.resize(inner, e.ty.width), false),
            ExprKind::Reinterpret(inner) => {
                let function = if e.ty.is_signed() { "$signed" } else { "$unsigned" };
                atom(format!("{function}({})", self.expr(inner)), e.ty.is_signed())
            }
            ExprKind::Concat(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.expr(part)).collect();
                atom(format!("{{{}}}", parts.join(", ")), false)
            }
            ExprKind::Repeat(inner) => {
                atom(format!("{{{}{{{}}}}}", e.ty.width, self.expr(inner)), false)
            }
            ExprKind::Select(test, a, b) => {
                let [test, a, b] = [test, a, b].map(|part| closed(&self.text(part)));
                atom(format!("{test} ? {a} : {b}"), false)
            }
            ExprKind::ReplaceBit(net, position, value) => {
                let width = e.ty.width;
                let mut parts = Vec::new();
                if position + 1 < width {
                    parts.push(self.bits(*net, position + 1, width - position - 1));
                }
                parts.push(self.expr(value));
                if *position > 0 {
                    parts.push(self.bits(*net, 0, *position));
                }
                atom(format!("{{{}}}", parts.join(", ")), false)
            }
        }
    }

    fn unary(&self, symbol: &str, inner: &Expr, reduces: bool) -> Text {
        let inner = self.text(inner);
        let is_open = inner.prefixed || inner.text.starts_with('-');
        let operand = if is_open { format!("({})", inner.text) } else { closed(&inner) };
        Text {
            text: format!("{symbol}{operand}"),
            top: None,
            prefixed: true,
            signed: inner.signed && !reduces,
        }
    }

    fn resize(&self, inner: &Expr, width: usize) -> String {
        let (net, low) = match inner.kind {
            ExprKind::Net(net) => (net, 0),
            ExprKind::Slice(net, low) => (net, low),
            // The lowering admits nothing else.
            _ => return self.expr(inner),
        };
        let from = inner.ty.width;
        let bits = self.bits(net, low, from.min(width));
        if width <= from {
            return bits;
        }
        let extra = width - from;
        if inner.ty.is_signed() {
            let sign = self.bits(net, low + from - 1, 1);
            match extra {
                1 => format!("{{{sign}, {bits}}}"),
                _ => format!("{{{{{extra}{{{sign}}}}}, {bits}}}"),
            }
        } else {
            format!("{{{extra}'d0, {bits}}}")
        }
    }

    fn binary(&self, operator: Operator, a: &Expr, b: &Expr) -> Text {
        let is_bit = a.ty.width == 1;
        let symbol = match operator {
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mul => "*",
            Operator::And if is_bit => "&&",
            Operator::And => "&",
            Operator::Or if is_bit => "||",
            Operator::Or => "|",
            Operator::Xor => "^",
            Operator::ShiftLeft => "<<",
            Operator::ShiftRight => ">>",
            Operator::Eq => "==",
            Operator::Ne => "!=",
            Operator::Lt => "<",
            Operator::Le => "<=",
            Operator::Gt => ">",
            Operator::Ge => ">=",
        };
        let needs_sign = a.ty.is_signed() && (operator.is_compare() || operator == Operator::Mul);
        let chains =
            matches!(operator, Operator::And | Operator::Or | Operator::Xor | Operator::Add);
        let left = self.text(a);
        let mut right = self.text(b);
        if let (Operator::ShiftLeft | Operator::ShiftRight, ExprKind::Literal(by)) =
            (operator, &b.kind)
        {
            if let Some(by) = by.as_u64() {
                right.text = by.to_string();
            }
        }
        let signed = left.signed && right.signed && !operator.is_compare();
        let side = |side: Text, may_chain: bool| {
            if needs_sign && !side.signed {
                format!("$signed({})", side.text)
            } else if may_chain && side.top == Some(operator) {
                side.text
            } else {
                closed(&side)
            }
        };
        let left = side(left, chains);
        let right = side(right, false);
        Text {
            text: format!("{left} {symbol} {right}"),
            top: Some(operator),
            prefixed: false,
            signed,
        }
    }

    /// Statements, each line after `indent`; in a clocked process (`is_clocked`) next values are assigned to the registers.
    pub fn block(&self, stmts: &[Stmt], is_clocked: bool, indent: &str, out: &mut String) {
        for stmt in stmts {
            match stmt {
                Stmt::Assign { target, field, value } => {
                    let target = if is_clocked { self.scope.register_of(*target) } else { *target };
                    let bits = match field {
                        Some((low, width)) => self.bits(target, *low, *width),
                        None => self.name(target).to_owned(),
                    };
                    let sign = if is_clocked { "<=" } else { "=" };
                    *out += &format!("{indent}{bits} {sign} {};\n", self.expr(value));
                }
                Stmt::If { .. } => {
                    *out += indent;
                    self.conditional(stmt, is_clocked, indent, out);
                }
                Stmt::Case { test, arms } => self.case(test, arms, is_clocked, indent, out),
                Stmt::Comment(text) => *out += &format!("{indent}// {text}\n"),
            }
        }
    }

    fn conditional(&self, stmt: &Stmt, is_clocked: bool, indent: &str, out: &mut String) {
        let Stmt::If { test, then, otherwise } = stmt else {
            return;
        };
        *out += &format!("if ({}) begin\n", self.expr(test));
        self.block(then, is_clocked, &format!("{indent}{INDENT}"), out);
        *out += &format!("{indent}end");
        match otherwise.as_slice() {
            [] => *out += "\n",
            [next @ Stmt::If { .. }] => {
                *out += " else ";
                self.conditional(next, is_clocked, indent, out);
            }
            body => {
                *out += " else begin\n";
                self.block(body, is_clocked, &format!("{indent}{INDENT}"), out);
                *out += &format!("{indent}end\n");
            }
        }
    }

    fn case(
        &self,
        test: &Expr,
        arms: &[(Label, Vec<Stmt>)],
        is_clocked: bool,
        indent: &str,
        out: &mut String,
    ) {
        let rest = arms.iter().find(|(label, _)| *label == Label::Default);
        // Values that Rust does not know take the last arm that does something: there is no latch, and logic is saved.
        let last = match rest {
            None if is_complete(test, arms) => arms.iter().rposition(|(_, body)| !body.is_empty()),
            _ => None,
        };
        let is_rest_idle = last.is_none() && rest.is_none_or(|(_, body)| body.is_empty());
        *out += &format!("{indent}case ({})\n", self.expr(test));
        let inner = format!("{indent}{INDENT}");
        let name = |label: &Label| match label {
            Label::Variant(key) => self.variant(key),
            Label::Literal(value) => format!("{}'d{value}", test.ty.width),
            Label::Default => "default".to_owned(),
        };
        let idle = arms.iter().filter(|(label, body)| body.is_empty() && *label != Label::Default);
        let idle: Vec<String> = idle.map(|(label, _)| name(label)).collect();
        if !idle.is_empty() && !is_rest_idle {
            *out += &format!("{inner}{}: ;\n", idle.join(", "));
        }
        for (index, (label, body)) in arms.iter().enumerate() {
            if body.is_empty() || Some(index) == last {
                continue;
            }
            self.arm(&name(label), "", body, is_clocked, &inner, out);
        }
        if let Some((label, body)) = last.map(|index| &arms[index]) {
            self.arm("default", &format!(" // {}", name(label)), body, is_clocked, &inner, out);
        }
        if is_rest_idle {
            *out += &format!("{inner}default: ;\n");
        }
        *out += &format!("{indent}endcase\n");
    }

    /// An arm of a `case`, with a comment next to its label.
    fn arm(
        &self,
        label: &str,
        beside: &str,
        body: &[Stmt],
        is_clocked: bool,
        indent: &str,
        out: &mut String,
    ) {
        if let [line @ Stmt::Assign { .. }] = body {
            let mut text = String::new();
            self.block(std::slice::from_ref(line), is_clocked, "", &mut text);
            *out += &format!("{indent}{label}: {}{beside}\n", text.trim_end());
            return;
        }
        *out += &format!("{indent}{label}: begin{beside}\n");
        self.block(body, is_clocked, &format!("{indent}{INDENT}"), out);
        *out += &format!("{indent}end\n");
    }
}

/// In parentheses if an operator is at the top; a reduction too, lest `& &x` arise.
fn closed(text: &Text) -> String {
    if text.top.is_some() || text.text.starts_with(['&', '|', '^']) {
        format!("({})", text.text)
    } else {
        text.text.clone()
    }
}
