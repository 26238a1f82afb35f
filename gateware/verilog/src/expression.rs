//! Types every expression of a kernel, as Rust does, and refuses those that Verilog would compute differently.

use super::ir::{Class, Expr, ExprKind, Literal, NetId, Operator, Type};
use super::resolve::{evaluate, resolve, Loops};
use super::scope::Scope;
use super::EmitError;
use rust_hdl::core::ast::{VerilogExpression, VerilogOp, VerilogOpUnary};

/// Lowers the expressions of one kernel.
pub(super) struct Lowerer<'a> {
    pub scope: &'a Scope,
    pub loops: Loops,
}

impl<'a> Lowerer<'a> {
    pub fn new(scope: &'a Scope) -> Self {
        Self { scope, loops: Loops::new() }
    }

    /// The net that rust-hdl calls `name`.
    pub fn net(&self, name: &str) -> Result<NetId, EmitError> {
        let key = resolve(name, &self.loops).map_err(|what| self.scope.unsupported(what))?;
        self.scope
            .net(&key)
            .ok_or_else(|| self.scope.unsupported(format!("`{key}` is not a signal of the block")))
    }

    /// An expression that must have the type `ty`.
    pub fn typed(&self, e: &VerilogExpression, ty: &Type) -> Result<Expr, EmitError> {
        let expr = self.expression(e, Some(ty))?;
        if expr.ty.matches(ty) {
            Ok(expr)
        } else {
            Err(self.scope.unsupported(format!(
                "a value of {} where {} is needed: {e:?}",
                describe(&expr.ty),
                describe(ty)
            )))
        }
    }

    /// An expression; literals take the type `expected`.
    pub fn expression(
        &self,
        e: &VerilogExpression,
        expected: Option<&Type>,
    ) -> Result<Expr, EmitError> {
        match e {
            VerilogExpression::Paren(inner) => self.expression(inner, expected),
            VerilogExpression::Signal(name) => self.name(name, expected),
            VerilogExpression::Literal(value) => {
                let ty = expected.ok_or_else(|| {
                    self.scope.unsupported(format!("the literal {value} of unknown width"))
                })?;
                let literal = Literal::from_verilog(value, ty.width).ok_or_else(|| {
                    self.scope
                        .unsupported(format!("the literal {value} does not fit {}", describe(ty)))
                })?;
                Ok(literal_expr(literal, ty))
            }
            VerilogExpression::Cast(inner, width) => self.cast(inner, *width),
            VerilogExpression::Signed(inner) => {
                let inner = self.expression(inner, None)?;
                if inner.ty.is_signed() {
                    return Err(self.scope.unsupported(
                        "`signed_bit_cast`, whose width is not known here; use `bit_cast_signed`",
                    ));
                }
                let ty = Type::signed(inner.ty.width);
                Ok(expr(ty, ExprKind::Reinterpret(Box::new(inner))))
            }
            VerilogExpression::Unsigned(inner) => {
                let inner = self.expression(inner, None)?;
                let ty = Type::unsigned(inner.ty.width);
                Ok(expr(ty, ExprKind::Reinterpret(Box::new(inner))))
            }
            VerilogExpression::Unary(op, inner) => self.unary(op, inner, expected),
            VerilogExpression::Binary(a, op, b) => self.binary(a, op, b, expected),
            VerilogExpression::Index(inner, position) => self.slice(inner, position, 1, true),
            VerilogExpression::Slice(inner, width, position) => {
                self.slice(inner, position, *width, false)
            }
            VerilogExpression::IndexReplace(inner, position, value) => {
                let inner = self.expression(inner, None)?;
                let (ExprKind::Net(net), Some(position)) = (&inner.kind, self.position(position)?)
                else {
                    return Err(self
                        .scope
                        .unsupported("`replace_bit` of an expression or at a varying position"));
                };
                let net = *net;
                self.check_range(net, position, 1)?;
                let value = Box::new(self.typed(value, &Type::unsigned(1))?);
                let kind = ExprKind::ReplaceBit(net, position, value);
                Ok(expr(inner.ty, kind))
            }
        }
    }

    fn name(&self, name: &str, expected: Option<&Type>) -> Result<Expr, EmitError> {
        if let Some((ty, _)) = self.scope.variant(name) {
            return Ok(expr(ty.clone(), ExprKind::Variant(name.to_owned())));
        }
        if let Some(value) = self.loops.get(name) {
            let ty = expected.ok_or_else(|| {
                self.scope.unsupported(format!("loop variable `{name}` of unknown width"))
            })?;
            let literal =
                u64::try_from(*value).ok().and_then(|value| Literal::from_u64(value, ty.width));
            return match literal {
                Some(literal) => Ok(literal_expr(literal, ty)),
                None => Err(self.scope.unsupported(format!("loop variable `{name}` does not fit"))),
            };
        }
        let net = self.net(name)?;
        Ok(expr(self.scope.nets[net].ty.clone(), ExprKind::Net(net)))
    }

    fn cast(&self, inner: &VerilogExpression, width: usize) -> Result<Expr, EmitError> {
        if is_literal(inner) {
            return self.expression(inner, Some(&Type::unsigned(width)));
        }
        let inner = as_bits(self.expression(inner, None)?);
        if inner.ty.width == width {
            return Ok(inner);
        }
        if !matches!(inner.kind, ExprKind::Net(_) | ExprKind::Slice(..)) {
            return Err(self
                .scope
                .unsupported("a cast of an expression; put it into a `Local` first"));
        }
        let ty = if inner.ty.is_signed() { Type::signed(width) } else { Type::unsigned(width) };
        if let (ExprKind::Slice(net, low), true) = (&inner.kind, width < inner.ty.width) {
            return Ok(expr(ty, ExprKind::Slice(*net, *low)));
        }
        Ok(expr(ty, ExprKind::Resize(Box::new(inner))))
    }

    fn unary(
        &self,
        op: &VerilogOpUnary,
        inner: &VerilogExpression,
        expected: Option<&Type>,
    ) -> Result<Expr, EmitError> {
        let reduce = |symbol| -> Result<Expr, EmitError> {
            let inner = self.expression(inner, None)?;
            Ok(expr(Type::unsigned(1), ExprKind::Reduce(symbol, Box::new(inner))))
        };
        match op {
            VerilogOpUnary::Not => {
                let inner = self.expression(inner, expected)?;
                Ok(expr(inner.ty.clone(), ExprKind::Not(Box::new(inner))))
            }
            VerilogOpUnary::Neg => {
                let inner = self.expression(inner, expected)?;
                Ok(expr(inner.ty.clone(), ExprKind::Negate(Box::new(inner))))
            }
            VerilogOpUnary::All => reduce("&"),
            VerilogOpUnary::Any => reduce("|"),
            VerilogOpUnary::Xor => reduce("^"),
        }
    }

    fn binary(
        &self,
        a: &VerilogExpression,
        op: &VerilogOp,
        b: &VerilogExpression,
        expected: Option<&Type>,
    ) -> Result<Expr, EmitError> {
        let operator = operator(op);
        let expected = if operator.is_compare() { None } else { expected };
        if matches!(operator, Operator::ShiftLeft | Operator::ShiftRight) {
            let a = self.expression(a, expected)?;
            if a.ty.is_signed() {
                return Err(self.scope.unsupported("a shift of a signed value"));
            }
            let b = self.expression(b, Some(&Type::unsigned(32)))?;
            let ty = a.ty.clone();
            return Ok(expr(ty, ExprKind::Binary(operator, Box::new(a), Box::new(b))));
        }
        // A literal takes the type of the other side.
        let (a, b) = if is_literal(a) && !is_literal(b) {
            let b = self.expression(b, expected)?;
            (self.expression(a, Some(&b.ty))?, b)
        } else {
            let a = self.expression(a, expected)?;
            let b = self.expression(b, Some(&a.ty))?;
            (a, b)
        };
        if !a.ty.matches(&b.ty) {
            return Err(self.scope.unsupported(format!(
                "{operator:?} of {} and {}",
                describe(&a.ty),
                describe(&b.ty)
            )));
        }
        let ty = match operator {
            Operator::Mul if a.ty.is_signed() => Type::signed(2 * a.ty.width),
            Operator::Mul => Type::unsigned(2 * a.ty.width),
            operator if operator.is_compare() => Type::unsigned(1),
            _ => a.ty.clone(),
        };
        let plain = |e: &Expr| matches!(e.kind, ExprKind::Net(_));
        if operator == Operator::Mul && !(plain(&a) && plain(&b)) {
            return Err(self.scope.unsupported("a product of anything but two plain signals"));
        }
        Ok(expr(ty, ExprKind::Binary(operator, Box::new(a), Box::new(b))))
    }

    fn slice(
        &self,
        inner: &VerilogExpression,
        position: &VerilogExpression,
        width: usize,
        is_bit: bool,
    ) -> Result<Expr, EmitError> {
        let inner = self.expression(inner, None)?;
        let (net, base) = match inner.kind {
            ExprKind::Net(net) => (net, 0),
            ExprKind::Slice(net, low) => (net, low),
            _ => {
                return Err(self
                    .scope
                    .unsupported("bits of an expression; put it into a `Local` first"))
            }
        };
        match self.position(position)? {
            Some(offset) => {
                if offset + width > inner.ty.width {
                    return Err(self.scope.unsupported(format!(
                        "bits {offset}..{} of `{}`, which has {}",
                        offset + width,
                        self.scope.nets[net].name,
                        inner.ty.width
                    )));
                }
                let ty = if is_bit {
                    Type::unsigned(1)
                } else if inner.ty.is_signed() {
                    Type::signed(width)
                } else if matches!(inner.ty.class, Class::Struct(_)) {
                    self.struct_field(&inner.ty, offset, width)
                } else {
                    Type::unsigned(width)
                };
                Ok(expr(ty, ExprKind::Slice(net, base + offset)))
            }
            None if base == 0 && inner.ty.width == self.scope.nets[net].ty.width => {
                if !is_bit {
                    return Err(self
                        .scope
                        .unsupported("`get_bits` at a varying position; shift into a `Local`"));
                }
                let position = self.expression(position, None)?;
                let kind = ExprKind::PartSelect(net, Box::new(position));
                Ok(expr(Type::unsigned(width), kind))
            }
            None => Err(self.scope.unsupported("a varying position inside a slice; use a `Local`")),
        }
    }

    /// The value of a bit position if it is a number, nothing if it varies.
    pub fn position(&self, e: &VerilogExpression) -> Result<Option<usize>, EmitError> {
        let value = match e {
            VerilogExpression::Paren(inner) => return self.position(inner),
            VerilogExpression::Literal(value) => Some(value.as_usize() as i64),
            VerilogExpression::Signal(name) => evaluate(name, &self.loops),
            VerilogExpression::Binary(a, op, b) => {
                match (self.position(a)?, op, self.position(b)?) {
                    (Some(a), VerilogOp::Add, Some(b)) => Some(a as i64 + b as i64),
                    (Some(a), VerilogOp::Sub, Some(b)) => Some(a as i64 - b as i64),
                    (Some(a), VerilogOp::Mul, Some(b)) => Some(a as i64 * b as i64),
                    _ => None,
                }
            }
            _ => None,
        };
        match value {
            None => Ok(None),
            Some(value) => usize::try_from(value)
                .map(Some)
                .map_err(|_| self.scope.unsupported("a negative bit position")),
        }
    }

    fn check_range(&self, net: NetId, low: usize, width: usize) -> Result<(), EmitError> {
        let net = &self.scope.nets[net];
        if low + width <= net.ty.width {
            return Ok(());
        }
        Err(self.scope.unsupported(format!("bit {} of `{}`", low + width - 1, net.name)))
    }

    /// Type of the bits of a struct signal that a field assignment names.
    pub fn field_type(&self, net: NetId, low: usize, width: usize) -> Result<Type, EmitError> {
        self.check_range(net, low, width)?;
        Ok(self.struct_field(&self.scope.nets[net].ty, low, width))
    }

    fn struct_field(&self, ty: &Type, low: usize, width: usize) -> Type {
        if let Class::Struct(fields) = &ty.class {
            let mut offset = 0;
            for (_, field) in fields {
                if offset == low && field.width == width {
                    return field.clone();
                }
                if low >= offset && low + width <= offset + field.width {
                    return self.struct_field(field, low - offset, width);
                }
                offset += field.width;
            }
        }
        Type::unsigned(width)
    }
}

fn expr(ty: Type, kind: ExprKind) -> Expr {
    Expr { ty, kind }
}

fn literal_expr(literal: Literal, ty: &Type) -> Expr {
    expr(ty.clone(), ExprKind::Literal(literal))
}

/// A reinterpreted signal as bits of the signal, of the new type.
fn as_bits(e: Expr) -> Expr {
    let kind = match &e.kind {
        ExprKind::Reinterpret(inner) => match inner.kind {
            ExprKind::Net(net) => ExprKind::Slice(net, 0),
            ExprKind::Slice(net, low) => ExprKind::Slice(net, low),
            _ => return e,
        },
        _ => return e,
    };
    expr(e.ty, kind)
}

fn is_literal(e: &VerilogExpression) -> bool {
    match e {
        VerilogExpression::Literal(_) => true,
        VerilogExpression::Paren(inner) | VerilogExpression::Unary(VerilogOpUnary::Neg, inner) => {
            is_literal(inner)
        }
        _ => false,
    }
}

fn describe(ty: &Type) -> String {
    match &ty.class {
        Class::Signed => format!("{} signed bits", ty.width),
        Class::Enum(name, _) => format!("enum `{name}`"),
        Class::Clock => "a clock".into(),
        _ => format!("{} bits", ty.width),
    }
}

fn operator(op: &VerilogOp) -> Operator {
    match op {
        VerilogOp::Add => Operator::Add,
        VerilogOp::Sub => Operator::Sub,
        VerilogOp::Mul => Operator::Mul,
        VerilogOp::LogicalAnd | VerilogOp::BitAnd => Operator::And,
        VerilogOp::LogicalOr | VerilogOp::BitOr => Operator::Or,
        VerilogOp::BitXor => Operator::Xor,
        VerilogOp::Shl => Operator::ShiftLeft,
        VerilogOp::Shr => Operator::ShiftRight,
        VerilogOp::Eq => Operator::Eq,
        VerilogOp::Ne => Operator::Ne,
        VerilogOp::Lt => Operator::Lt,
        VerilogOp::Le => Operator::Le,
        VerilogOp::Gt => Operator::Gt,
        VerilogOp::Ge => Operator::Ge,
    }
}
