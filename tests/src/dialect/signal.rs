//! Recognises plain signals: `self.a.val()`, `self.lane[i + 1].q.val()` and their bits.

use super::Checker;
use syn::{BinOp, Expr, ExprMethodCall, GenericArgument, Lit, Member, PathArguments, Type};

/// Whether a field's type is or holds `Signed<N>`.
pub(super) fn is_signed_type(ty: &Type) -> bool {
    match ty {
        Type::Array(array) => is_signed_type(&array.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            last.ident == "Signed" || match &last.arguments {
                PathArguments::AngleBracketed(list) => list.args.iter().any(
                    |argument| matches!(argument, GenericArgument::Type(ty) if is_signed_type(ty)),
                ),
                _ => false,
            }
        }),
        _ => false,
    }
}

/// An integer literal.
pub(super) fn is_integer(e: &Expr) -> bool {
    matches!(e, Expr::Lit(lit) if matches!(lit.lit, Lit::Int(_)))
}

/// An integer literal, its negative, either in parentheses.
pub(super) fn is_literal(e: &Expr) -> bool {
    match e {
        Expr::Paren(paren) => is_literal(&paren.expr),
        Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Neg(_)) && is_literal(&unary.expr),
        e => is_integer(e),
    }
}

/// Whether two parentheses or none: the expression inside.
pub(super) fn open(e: &Expr) -> &Expr {
    match e {
        Expr::Paren(paren) => open(&paren.expr),
        e => e,
    }
}

/// The call of a method without arguments, such as `.val()`.
pub(super) fn method<'a>(e: &'a Expr, name: &str) -> Option<&'a ExprMethodCall> {
    match e {
        Expr::MethodCall(call) if call.method == name => Some(call),
        _ => None,
    }
}

impl Checker {
    /// Whether `e` is a plain signal; faults inside it are reported.
    pub(super) fn is_plain(&mut self, e: &Expr) -> bool {
        // In Verilog `to_bits` of a plain signal is the signal.
        let e = method(e, "to_bits").map_or(e, |call| &call.receiver);
        let Some(call) = method(e, "val") else {
            return false;
        };
        if let Expr::Field(field) = call.receiver.as_ref() {
            if let (Member::Named(name), Expr::Field(_) | Expr::Index(_)) =
                (&field.member, field.base.as_ref())
            {
                if name == "d" {
                    self.report(e, "a read of a register's `.d`", "read `.q`, or a `Local`");
                }
            }
        }
        self.place(&call.receiver)
    }

    /// A plain signal, a field of one, or `get_bits` of one at a fixed position.
    pub(super) fn is_bits(&mut self, e: &Expr) -> bool {
        if let Expr::Field(field) = e {
            return self.is_plain(&field.base);
        }
        if let Some(call) = method(e, "get_bits") {
            self.bits_of(&call.receiver, "get_bits");
            self.positions(call);
            return true;
        }
        self.is_plain(e)
    }

    /// Reports a receiver of `get_bits` and the like that is not a plain signal.
    pub(super) fn bits_of(&mut self, receiver: &Expr, name: &str) {
        match receiver {
            Expr::Field(_) => self.report(
                receiver,
                &format!("`{name}` of a struct's field, a double slice in Verilog"),
                "copy the field to a `Local` first",
            ),
            receiver if self.is_plain(receiver) => {}
            receiver => self.report(
                receiver,
                &format!("`{name}` of an expression, which Verilog computes at another width"),
                "put the expression into a `Local` first",
            ),
        }
    }

    /// The positions of bits have to be literals or made of loop variables.
    pub(super) fn positions(&mut self, call: &ExprMethodCall) {
        if let Some(position) = call.args.first() {
            self.index(position);
        }
    }

    /// `self.a.b[i].c`: reports wrong indices; whether it is such a path.
    pub(super) fn place(&mut self, e: &Expr) -> bool {
        match e {
            Expr::Path(path) => path.path.is_ident("self"),
            Expr::Field(field) => self.place(&field.base),
            Expr::Index(index) => {
                if matches!(index.expr.as_ref(), Expr::Index(_)) {
                    self.report(e, "an array of arrays", "use one index, `i * N + j`");
                }
                self.index(&index.index);
                self.place(&index.expr)
            }
            _ => false,
        }
    }

    fn index(&mut self, e: &Expr) {
        match e {
            Expr::Paren(paren) => self.index(&paren.expr),
            Expr::Binary(binary)
                if matches!(binary.op, BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_)) =>
            {
                self.index(&binary.left);
                self.index(&binary.right);
            }
            Expr::Path(path) => {
                let is_loop_variable = path.path.get_ident().is_some_and(|name| {
                    name.to_string().starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
                });
                if !is_loop_variable {
                    self.report(
                        e,
                        "a constant's name as a position, which panics or is unknown in Verilog",
                        "use a number, or a `for` with `if`",
                    );
                }
            }
            e if is_integer(e) => {}
            e => self.report(
                e,
                "a position that a signal sets (`.index()`)",
                "use an unrolled `for` with `if`, or shift into a `Local`",
            ),
        }
    }

    /// Whether `e` is a signal known to be signed.
    pub(super) fn is_signed(&self, e: &Expr) -> bool {
        match open(e) {
            Expr::MethodCall(call) if call.method == "val" => {
                let Some(fields) = self.structs.get(&self.current) else {
                    return false;
                };
                let mut place = call.receiver.as_ref();
                loop {
                    match place {
                        Expr::Index(index) => place = &index.expr,
                        Expr::Field(field) => match field.base.as_ref() {
                            Expr::Path(path) if path.path.is_ident("self") => {
                                let Member::Named(name) = &field.member else {
                                    return false;
                                };
                                return fields.get(&name.to_string()).copied().unwrap_or(false);
                            }
                            base => place = base,
                        },
                        _ => return false,
                    }
                }
            }
            Expr::MethodCall(call) if call.method == "get_bits" => self.is_signed(&call.receiver),
            Expr::Call(call) => matches!(
                call.func.as_ref(),
                Expr::Path(path) if path.path.segments.last().is_some_and(|s| {
                    s.ident == "signed_cast" || s.ident == "bit_cast_signed"
                })
            ),
            _ => false,
        }
    }
}
