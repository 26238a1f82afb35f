//! Valid right-hand sides, conditions and `match` operands.

use super::signal::{is_integer, is_literal, method, open};
use super::Checker;
use syn::{BinOp, Expr, ExprBinary, ExprCall, Lit, UnOp};

/// Kinds of binary operator.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Arithmetic,
    Bitwise,
    Shift,
    Order,
    Equality,
    Logic,
    Other,
}

fn kind(op: &BinOp) -> Kind {
    match op {
        BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) => Kind::Arithmetic,
        BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_) => Kind::Bitwise,
        BinOp::Shl(_) | BinOp::Shr(_) => Kind::Shift,
        BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => Kind::Order,
        BinOp::Eq(_) | BinOp::Ne(_) => Kind::Equality,
        BinOp::And(_) | BinOp::Or(_) => Kind::Logic,
        _ => Kind::Other,
    }
}

fn is_compare(op: &BinOp) -> bool {
    matches!(kind(op), Kind::Order | Kind::Equality)
}

/// Whether the value is certainly a `bool` made of comparisons and the like.
fn is_condition(e: &Expr) -> bool {
    match open(e) {
        Expr::Binary(binary) => match kind(&binary.op) {
            Kind::Order | Kind::Equality | Kind::Logic => true,
            Kind::Bitwise => is_condition(&binary.left) || is_condition(&binary.right),
            _ => false,
        },
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_)) && is_condition(&unary.expr),
        Expr::MethodCall(call) => {
            ["any", "all", "xor", "get_bit"].contains(&call.method.to_string().as_str())
        }
        _ => false,
    }
}

impl Checker {
    /// The left side of an assignment.
    pub(super) fn target(&mut self, e: &Expr) {
        let Expr::Field(field) = e else {
            self.report(e, "an assignment to no `.next`", "assign to `signal.next`");
            return;
        };
        let is_next = |e: &syn::Member| matches!(e, syn::Member::Named(name) if name == "next");
        let base = match field.base.as_ref() {
            Expr::Field(inner) if !is_next(&field.member) && is_next(&inner.member) => &inner.base,
            _ if is_next(&field.member) => &field.base,
            _ => {
                self.report(e, "an assignment to no `.next`", "assign to `signal.next`");
                return;
            }
        };
        if !self.place(base) {
            self.report(
                e,
                "an assignment to something not of `self`",
                "assign to a field's signal",
            );
        }
    }

    /// A whole right-hand side.
    pub(super) fn value(&mut self, e: &Expr) {
        let e = open(e);
        if is_condition(e) {
            self.condition(e);
            return;
        }
        match e {
            // Bitwise operators change no width, so they may be nested like conditions.
            Expr::Binary(binary) if kind(&binary.op) == Kind::Bitwise => self.condition(e),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => self.condition(e),
            Expr::Binary(binary) => self.operation(binary),
            Expr::Unary(unary) => self.operand(open(&unary.expr), true),
            Expr::MethodCall(call) if call.method == "replace_bit" => {
                self.bits_of(&call.receiver, "replace_bit");
                self.positions(call);
                if let Some(bit) = call.args.iter().nth(1) {
                    self.condition(bit);
                }
            }
            e => self.operand(e, true),
        }
    }

    /// One operator between two operands.
    fn operation(&mut self, binary: &ExprBinary) {
        match kind(&binary.op) {
            Kind::Other => {
                self.report(binary, "an operator that is not hardware here", "see docs/dialect.md");
            }
            Kind::Shift => {
                self.operand(&binary.left, false);
                if !is_integer(&binary.right) {
                    self.operand(&binary.right, false);
                }
            }
            _ => {
                for side in [&binary.left, &binary.right] {
                    self.operand(side, false);
                }
            }
        }
    }

    /// A signal, bits or a cast of one, or a literal; `alone` if it is the whole right-hand side.
    fn operand(&mut self, e: &Expr, alone: bool) {
        let inner = open(e);
        match inner {
            e if is_integer(e) => {}
            Expr::Lit(lit) if matches!(lit.lit, Lit::Bool(_)) => {}
            Expr::Call(call) => self.call(call),
            Expr::Path(path) if path.path.segments.len() == 2 => {}
            Expr::Path(_) => {
                self.report(e, "a constant's name, undeclared in Verilog", "use a `Constant` field")
            }
            Expr::MethodCall(call)
                if method(&call.receiver, "val").is_some() && self.is_plain(e) => {}
            Expr::MethodCall(call) if call.method == "into" || call.method == "to_bits" => {
                self.into(&call.receiver);
            }
            Expr::MethodCall(call) if call.method == "index" => self.report(
                e,
                "`.index()` outside the head of a `match`",
                "compare or assign the signal itself",
            ),
            Expr::Binary(_) | Expr::Unary(_) if !alone => self.report(
                e,
                "an operator inside an operator, whose widths in between differ in Verilog",
                "put the inner result into a `Local` first",
            ),
            e if self.is_bits(e) => {}
            e => self.report(e, "an expression outside the dialect", "see docs/dialect.md"),
        }
    }

    fn into(&mut self, receiver: &Expr) {
        if is_literal(receiver) || matches!(receiver, Expr::Lit(_)) {
            return;
        }
        match open(receiver) {
            Expr::Path(path) if path.path.segments.len() == 1 => self.report(
                receiver,
                "`.into()` of a constant's name, undeclared in Verilog",
                "use a `Constant` field",
            ),
            _ => self.report(
                receiver,
                "`.into()` of an expression, a cast that Verilog does not make",
                "use `bit_cast` on a plain signal",
            ),
        }
    }

    /// A cast, or a literal with its width.
    fn call(&mut self, call: &ExprCall) {
        let name = match call.func.as_ref() {
            Expr::Path(path) => match path.path.segments.last() {
                Some(segment) if path.path.segments.len() == 1 => segment.ident.to_string(),
                _ => String::new(),
            },
            _ => String::new(),
        };
        let argument = call.args.first().map(open);
        match (name.as_str(), argument) {
            ("bits", Some(argument)) => {
                if !is_integer(argument) {
                    self.report(call, "`bits` of no literal", "use a `Constant` field");
                }
            }
            ("bit_cast" | "bit_cast_signed" | "signed_cast" | "unsigned_cast", Some(argument)) => {
                match argument {
                    // The same bits, then more or fewer of them.
                    Expr::Call(inner) => self.call(inner),
                    argument if self.is_bits(argument) => {}
                    _ => self.report(
                        call,
                        &format!(
                            "`{name}` of an expression, which Verilog computes at another width"
                        ),
                        "put the expression into a `Local`, cast that",
                    ),
                }
            }
            ("signed_bit_cast", _) => self.report(
                call,
                "`signed_bit_cast`, which never returns for the minimum value",
                "use `bit_cast_signed::<M, N>` of `leaf`",
            ),
            ("unsigned_bit_cast", _) => self.report(
                call,
                "`unsigned_bit_cast`, which cannot be emitted",
                "use `unsigned_cast`, then `bit_cast`",
            ),
            _ => self.report(call, "a call in a kernel", "see docs/dialect.md for the casts"),
        }
    }

    /// A `bool`, or bitwise operators.
    pub(super) fn condition(&mut self, e: &Expr) {
        match open(e) {
            Expr::Binary(binary) if is_compare(&binary.op) => self.compare(binary),
            Expr::Binary(binary) if matches!(kind(&binary.op), Kind::Bitwise | Kind::Logic) => {
                self.joined(&binary.left, binary);
                self.joined(&binary.right, binary);
            }
            Expr::Binary(binary) => {
                self.report(
                    binary,
                    "an arithmetic result inside a condition or a bitwise operator",
                    "put it into a `Local` first",
                );
            }
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                self.condition(&unary.expr);
            }
            Expr::Lit(lit) if matches!(lit.lit, Lit::Bool(_)) => {}
            Expr::MethodCall(call)
                if ["any", "all", "xor"].contains(&call.method.to_string().as_str()) =>
            {
                if !self.is_bits(&call.receiver) {
                    self.bits_of(&call.receiver, &call.method.to_string());
                }
            }
            Expr::MethodCall(call) if call.method == "get_bit" => {
                self.bits_of(&call.receiver, "get_bit");
                self.positions(call);
            }
            Expr::Let(expr) => self.report(expr, "`if let`", "use `match`"),
            inner => self.operand(inner, true),
        }
    }

    /// One side of `&`, `|`, `^`, `&&` or `||` between conditions.
    fn joined(&mut self, side: &Expr, outer: &ExprBinary) {
        if let Expr::Binary(inner) = side {
            let same = std::mem::discriminant(&inner.op) == std::mem::discriminant(&outer.op);
            let logic = kind(&outer.op) == Kind::Logic;
            if !same && !(logic && (is_compare(&inner.op) || kind(&inner.op) == Kind::Logic)) {
                self.report(
                    side,
                    "operators mixed without parentheses, which Verilog groups otherwise",
                    "put each part into parentheses",
                );
            }
        }
        self.condition(side);
    }

    fn compare(&mut self, binary: &ExprBinary) {
        for (side, other) in [(&binary.left, &binary.right), (&binary.right, &binary.left)] {
            match side.as_ref() {
                Expr::Binary(_) => self.report(
                    side,
                    "an operator beside a comparison without parentheses",
                    "put it into parentheses, or into a `Local` if it is arithmetic",
                ),
                Expr::Paren(_) => match open(side) {
                    Expr::Binary(inner) if kind(&inner.op) == Kind::Bitwise => {
                        self.condition(open(side));
                    }
                    Expr::Binary(_) => self.report(
                        side,
                        "an arithmetic result compared, which does not wrap in Verilog",
                        "put it into a `Local` first",
                    ),
                    inner => self.comparand(inner, other, binary),
                },
                side => self.comparand(side, other, binary),
            }
        }
    }

    fn comparand(&mut self, e: &Expr, other: &Expr, binary: &ExprBinary) {
        let is_number = is_literal(e)
            || matches!(e, Expr::MethodCall(call) if call.method == "into" || call.method == "to_bits");
        if is_number && self.is_signed(other) {
            self.report(
                e,
                "a signed signal compared with a literal, unsigned in Verilog",
                "compare two signed signals, or test the sign with `get_bit`",
            );
        } else if method(e, "into").is_some() && kind(&binary.op) == Kind::Order {
            self.report(
                e,
                "`.into()` in an order comparison, unsigned in Verilog whatever the signal is",
                "write `bits::<N>(..)`, or compare two signed signals",
            );
        }
        if !is_literal(e) {
            self.operand(e, false);
        }
    }

    /// The head of a `match`.
    pub(super) fn scrutinee(&mut self, e: &Expr) {
        let signal = match method(e, "index") {
            Some(call) => call.receiver.as_ref(),
            None => e,
        };
        if !self.is_bits(signal) {
            self.report(e, "a `match` on an expression", "put it into a `Local` first");
        }
    }
}
