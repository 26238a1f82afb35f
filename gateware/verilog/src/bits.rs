//! Expressions that only place bits: slices, extensions, shifts by a constant, replaced bits and disjoint sums.

use super::ir::{Expr, ExprKind, Literal, NetId, Operator, Role, Type};
use super::scope::Scope;

/// Neighbouring bits of a placement, the lowest first.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Bits of a net from a position.
    Bits {
        net: NetId,
        low: usize,
        width: usize,
    },
    /// One bit of a net, several times.
    Fill {
        net: NetId,
        bit: usize,
        width: usize,
    },
    Literal(Vec<bool>),
    /// A value that is computed.
    Value(Expr),
}

/// Source of every bit of a value, from bit 0 upwards.
#[derive(Clone, Debug)]
pub(super) struct Placement(pub Vec<Piece>);

impl Piece {
    fn width(&self) -> usize {
        match self {
            Piece::Bits { width, .. } | Piece::Fill { width, .. } => *width,
            Piece::Literal(bits) => bits.len(),
            Piece::Value(value) => value.ty.width,
        }
    }

    /// Some of its bits; a computed value only completely.
    fn part(&self, from: usize, count: usize) -> Option<Piece> {
        Some(match self {
            Piece::Bits { net, low, .. } => {
                Piece::Bits { net: *net, low: low + from, width: count }
            }
            Piece::Fill { net, bit, .. } => Piece::Fill { net: *net, bit: *bit, width: count },
            Piece::Literal(bits) => Piece::Literal(bits[from..from + count].to_vec()),
            Piece::Value(value) if count == value.ty.width => self.clone(),
            Piece::Value(_) => return None,
        })
    }

    fn is_zero(&self) -> bool {
        matches!(self, Piece::Literal(bits) if bits.iter().all(|bit| !bit))
    }
}

impl Placement {
    pub fn width(&self) -> usize {
        self.0.iter().map(Piece::width).sum()
    }

    pub fn zeros(width: usize) -> Self {
        Placement(if width == 0 { Vec::new() } else { vec![Piece::Literal(vec![false; width])] })
    }

    /// The net, if the value is all of it.
    pub fn as_net(&self, scope: &Scope) -> Option<NetId> {
        match self.0.as_slice() {
            [Piece::Bits { net, low: 0, width }] if *width == scope.nets[*net].ty.width => {
                Some(*net)
            }
            _ => None,
        }
    }

    fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), &piece) {
            (_, piece) if piece.width() == 0 => {}
            (
                Some(Piece::Bits { net, low, width }),
                Piece::Bits { net: other, low: next, width: more },
            ) if net == other && *low + *width == *next => *width += more,
            (Some(Piece::Literal(bits)), Piece::Literal(more)) => bits.extend(more),
            _ => self.0.push(piece),
        }
    }

    fn extend(&mut self, other: Placement) {
        other.0.into_iter().for_each(|piece| self.push(piece));
    }

    /// Bits from a position.
    pub fn slice(&self, low: usize, width: usize) -> Option<Placement> {
        let (mut at, mut out) = (0, Placement(Vec::new()));
        for piece in &self.0 {
            let (from, to) = (low.max(at), (low + width).min(at + piece.width()));
            if from < to {
                out.push(piece.part(from - at, to - from)?);
            }
            at += piece.width();
        }
        (out.width() == width).then_some(out)
    }

    /// A copy with other bits from a position.
    pub fn replaced(&self, low: usize, with: Placement) -> Option<Placement> {
        let end = low + with.width();
        let mut out = self.slice(0, low)?;
        out.extend(with);
        out.extend(self.slice(end, self.width().checked_sub(end)?)?);
        Some(out)
    }

    /// The bits of both where at each position one has a zero.
    fn joined(&self, other: &Placement) -> Option<Placement> {
        let mut out = Placement(Vec::new());
        let mut at = 0;
        while at < self.width() {
            let count = self.run(at).min(other.run(at));
            let (a, b) = (self.slice(at, count)?, other.slice(at, count)?);
            let is_zero = |part: &Placement| part.0.iter().all(Piece::is_zero);
            if is_zero(&a) {
                out.extend(b);
            } else if is_zero(&b) {
                out.extend(a);
            } else {
                return None;
            }
            at += count;
        }
        Some(out)
    }

    /// The number of bits from a position to the end of their piece.
    fn run(&self, at: usize) -> usize {
        let mut end = 0;
        for piece in &self.0 {
            end += piece.width();
            if end > at {
                return end - at;
            }
        }
        0
    }

    /// The value of type `ty` as an expression.
    pub fn into_expr(self, scope: &Scope, ty: &Type) -> Expr {
        let mut parts: Vec<Expr> =
            self.0.into_iter().rev().map(|piece| part_expr(scope, piece)).collect();
        if parts.len() > 1 {
            return Expr { ty: ty.clone(), kind: ExprKind::Concat(parts) };
        }
        match parts.pop() {
            Some(Expr { ty: own, kind }) if own.matches(ty) => Expr { ty: ty.clone(), kind },
            Some(Expr { kind: ExprKind::Net(net), .. }) => {
                Expr { ty: ty.clone(), kind: ExprKind::Slice(net, 0) }
            }
            Some(Expr { kind: kind @ (ExprKind::Slice(..) | ExprKind::Literal(_)), .. }) => {
                Expr { ty: ty.clone(), kind }
            }
            part => Expr { ty: ty.clone(), kind: ExprKind::Concat(part.into_iter().collect()) },
        }
    }
}

fn part_expr(scope: &Scope, piece: Piece) -> Expr {
    match piece {
        Piece::Bits { net, low, width } => {
            let own = &scope.nets[net].ty;
            if width == own.width {
                Expr { ty: own.clone(), kind: ExprKind::Net(net) }
            } else {
                Expr { ty: Type::unsigned(width), kind: ExprKind::Slice(net, low) }
            }
        }
        Piece::Fill { net, bit, width } => {
            let bit = Expr { ty: Type::unsigned(1), kind: ExprKind::Slice(net, bit) };
            Expr { ty: Type::unsigned(width), kind: ExprKind::Repeat(Box::new(bit)) }
        }
        Piece::Literal(bits) => {
            let literal = Literal::from_bits(&bits);
            Expr { ty: Type::unsigned(bits.len()), kind: ExprKind::Literal(literal) }
        }
        Piece::Value(value) => value,
    }
}

/// Where the bits of an expression come from, if it only places bits; `known` are the placements of nets that are replaced.
pub(super) fn placement(
    scope: &Scope,
    expr: &Expr,
    known: &dyn Fn(NetId) -> Option<Placement>,
) -> Option<Placement> {
    let of = |inner: &Expr| placement(scope, inner, known);
    let net_bits = |net: NetId| {
        known(net).unwrap_or_else(|| {
            let own = &scope.nets[net];
            Placement(vec![match own.role {
                Role::Constant if !own.is_parameter() => Piece::Literal(own.value.bits()),
                _ => Piece::Bits { net, low: 0, width: own.ty.width },
            }])
        })
    };
    let out = match &expr.kind {
        ExprKind::Net(net) => net_bits(*net),
        ExprKind::Literal(literal) => Placement(vec![Piece::Literal(literal.bits())]),
        ExprKind::Slice(net, low) => net_bits(*net).slice(*low, expr.ty.width)?,
        ExprKind::Reinterpret(inner) => of(inner)?,
        ExprKind::Concat(parts) => {
            let mut out = Placement(Vec::new());
            for part in parts.iter().rev() {
                out.extend(of_value(part, of(part)));
            }
            out
        }
        ExprKind::Repeat(inner) => match of(inner)?.0.as_slice() {
            [Piece::Bits { net, low, width: 1 }] => {
                Placement(vec![Piece::Fill { net: *net, bit: *low, width: expr.ty.width }])
            }
            [Piece::Literal(bits)] => Placement(vec![Piece::Literal(vec![bits[0]; expr.ty.width])]),
            _ => return None,
        },
        ExprKind::Resize(inner) => extended(of(inner)?, &inner.ty, expr.ty.width)?,
        ExprKind::ReplaceBit(net, position, value) => {
            net_bits(*net).replaced(*position, of_value(value, of(value)))?
        }
        ExprKind::Binary(Operator::Or, a, b) => of(a)?.joined(&of(b)?)?,
        ExprKind::Binary(operator @ (Operator::ShiftLeft | Operator::ShiftRight), a, b) => {
            let ExprKind::Literal(by) = &b.kind else {
                return None;
            };
            let (a, width) = (of(a)?, expr.ty.width);
            let by = usize::try_from(by.as_u64()?).ok()?.min(width);
            if *operator == Operator::ShiftLeft {
                let mut out = Placement::zeros(by);
                out.extend(a.slice(0, width - by)?);
                out
            } else {
                let mut out = a.slice(by, width - by)?;
                out.extend(Placement::zeros(by));
                out
            }
        }
        _ => return None,
    };
    (out.width() == expr.ty.width).then_some(out)
}

/// The placement of a value, which is itself where it is computed.
pub(super) fn of_value(value: &Expr, placed: Option<Placement>) -> Placement {
    placed.unwrap_or_else(|| Placement(vec![Piece::Value(value.clone())]))
}

fn extended(bits: Placement, from: &Type, width: usize) -> Option<Placement> {
    if width <= from.width {
        return bits.slice(0, width);
    }
    let extra = width - from.width;
    let mut out = bits;
    if !from.is_signed() {
        out.extend(Placement::zeros(extra));
        return Some(out);
    }
    let sign = match out.0.last()? {
        Piece::Bits { net, low, width } => {
            Piece::Fill { net: *net, bit: low + width - 1, width: extra }
        }
        Piece::Fill { net, bit, .. } => Piece::Fill { net: *net, bit: *bit, width: extra },
        Piece::Literal(bits) => Piece::Literal(vec![*bits.last()?; extra]),
        Piece::Value(_) => return None,
    };
    out.push(sign);
    Some(out)
}
