//! Inlines signals that only place bits into the expressions that use them: rust-hdl needs a `Local` for every cast, Verilog does
//! not. Signals with a doc comment stay.

use super::bits::{of_value, placement, Piece, Placement};
use super::ir::{
    for_each_expr, for_each_expr_mut, remove_at, Expr, ExprKind, NetId, Operator, Role, Stmt,
};
use super::scope::Scope;
use std::collections::BTreeSet;

/// The statements without undocumented signals that are constants, other names, or bits placed for one use.
pub(super) fn inline(scope: &Scope, mut stmts: Vec<Stmt>) -> Vec<Stmt> {
    for (id, net) in scope.nets.iter().enumerate() {
        if net.role.is_driven_here() {
            join_parts(scope, &mut stmts, id);
        }
    }
    for (id, net) in scope.nets.iter().enumerate() {
        if net.role == Role::Local && net.docs.is_empty() {
            if let Some(without) = without(scope, &stmts, id) {
                stmts = without;
            }
        }
    }
    stmts
}

/// Number of reads of a net in a statement.
fn reads(stmt: &Stmt, net: NetId) -> usize {
    stmt.reads().into_iter().filter(|read| *read == net).count()
}

/// Number of reads of bits of a net in a statement.
fn slices(stmt: &Stmt, net: NetId) -> usize {
    fn of(expr: &Expr, net: NetId) -> usize {
        let own = usize::from(matches!(expr.kind, ExprKind::Slice(read, _) if read == net));
        own + expr.operands().into_iter().map(|operand| of(operand, net)).sum::<usize>()
    }
    let mut count = 0;
    for_each_expr(std::slice::from_ref(stmt), &mut |expr| count += of(expr, net));
    count
}

/// The nets of a placement.
fn nets_of(placement: &Placement) -> BTreeSet<NetId> {
    let mut out = BTreeSet::new();
    for piece in &placement.0 {
        match piece {
            Piece::Bits { net, .. } | Piece::Fill { net, .. } => {
                out.insert(*net);
            }
            Piece::Literal(_) => {}
            Piece::Value(value) => value.for_each_net(&mut |net| {
                out.insert(net);
            }),
        }
    }
    out
}

/// Whether a value of these nets is unchanged by the statements.
fn is_kept(nets: &BTreeSet<NetId>, stmts: &[Stmt]) -> bool {
    stmts.iter().all(|stmt| stmt.writes().is_disjoint(nets))
}

/// The statements with the only assignment of a net put into its uses, if that is possible and reads better.
fn without(scope: &Scope, stmts: &[Stmt], net: NetId) -> Option<Vec<Stmt>> {
    let mut writers = stmts.iter().enumerate().filter(|(_, stmt)| stmt.writes().contains(&net));
    let (at, Stmt::Assign { field: None, value, .. }) = writers.next()? else {
        return None;
    };
    if writers.next().is_some() {
        return None;
    }
    let placed = placement(scope, value, &|_| None)?;
    let readers: Vec<usize> =
        (at + 1..stmts.len()).filter(|index| reads(&stmts[*index], net) > 0).collect();
    let count: usize = readers.iter().map(|index| reads(&stmts[*index], net)).sum();
    let is_constant = placed.0.iter().all(|piece| matches!(piece, Piece::Literal(_)));
    let parts: usize = readers.iter().map(|index| slices(&stmts[*index], net)).sum();
    // What is only read part by part grows nothing.
    if count != 1 && count != parts && !is_constant && placed.as_net(scope).is_none() {
        return None;
    }
    let nets = nets_of(&placed);
    if !is_kept(&nets, &stmts[at + 1..=*readers.last()?]) {
        return None;
    }
    let replacer = Replacer { scope, net, placed };
    let mut out = stmts.to_vec();
    let mut is_possible = true;
    for_each_expr_mut(&mut out, &mut |expr| match replacer.expr(expr) {
        Some(replaced) => *expr = replaced,
        None => is_possible = false,
    });
    out.remove(at);
    is_possible.then_some(out)
}

struct Replacer<'a> {
    scope: &'a Scope,
    net: NetId,
    placed: Placement,
}

impl Replacer<'_> {
    /// The expression with the net replaced; nothing if Verilog has no such expression.
    fn expr(&self, expr: &Expr) -> Option<Expr> {
        if !expr.reads(self.net) {
            return Some(expr.clone());
        }
        let boxed = |inner: &Expr| self.expr(inner).map(Box::new);
        let kind = match &expr.kind {
            ExprKind::Not(inner) => ExprKind::Not(boxed(inner)?),
            ExprKind::Negate(inner) => ExprKind::Negate(boxed(inner)?),
            ExprKind::Reduce(symbol, inner) => ExprKind::Reduce(symbol, boxed(inner)?),
            ExprKind::Select(test, a, b) => ExprKind::Select(boxed(test)?, boxed(a)?, boxed(b)?),
            ExprKind::PartSelect(net, position) => {
                let net = if *net == self.net { self.placed.as_net(self.scope)? } else { *net };
                ExprKind::PartSelect(net, boxed(position)?)
            }
            ExprKind::Binary(operator, a, b) => match (operator, self.placement(expr)) {
                (Operator::Or | Operator::ShiftLeft | Operator::ShiftRight, Some(placed)) => {
                    return Some(placed.into_expr(self.scope, &expr.ty));
                }
                _ => {
                    let (a, b) = (boxed(a)?, boxed(b)?);
                    let is_net = |side: &Expr| matches!(side.kind, ExprKind::Net(_));
                    if *operator == Operator::Mul && !(is_net(&a) && is_net(&b)) {
                        return None;
                    }
                    ExprKind::Binary(*operator, a, b)
                }
            },
            _ => return Some(self.placement(expr)?.into_expr(self.scope, &expr.ty)),
        };
        Some(Expr { ty: expr.ty.clone(), kind })
    }

    fn placement(&self, expr: &Expr) -> Option<Placement> {
        let placed =
            placement(self.scope, expr, &|net| (net == self.net).then(|| self.placed.clone()));
        // A value that is computed within the placement would still read the net.
        placed.filter(|placed| !nets_of(placed).contains(&self.net))
    }
}

/// Makes one assignment of those that set a net part by part, outside every branch.
fn join_parts(scope: &Scope, stmts: &mut Vec<Stmt>, net: NetId) {
    let mut parts: BTreeSet<usize> =
        (0..stmts.len()).filter(|index| stmts[*index].writes().contains(&net)).collect();
    let (Some(first), Some(last)) = (parts.first().copied(), parts.pop_last()) else {
        return;
    };
    if parts.is_empty() {
        return;
    }
    let Some(whole) = joined(scope, &stmts[first..=last], net) else {
        return;
    };
    let value = whole.into_expr(scope, &scope.nets[net].ty);
    stmts[last] = Stmt::Assign { target: net, field: None, value };
    remove_at(stmts, &parts);
}

/// The bits of a net after the statements, if they only set it part by part.
fn joined(scope: &Scope, stmts: &[Stmt], net: NetId) -> Option<Placement> {
    let mut whole: Option<Placement> = None;
    for (index, stmt) in stmts.iter().enumerate() {
        let (field, value) = match stmt {
            Stmt::Assign { target, field, value } if *target == net => (field, value),
            _ if stmt.writes().contains(&net) || reads(stmt, net) > 0 => return None,
            _ => continue,
        };
        let known = |read: NetId| whole.clone().filter(|_| read == net);
        let placed = of_value(value, placement(scope, value, &known));
        let nets = nets_of(&placed);
        if nets.contains(&net) || !is_kept(&nets, &stmts[index + 1..]) {
            return None;
        }
        whole = Some(match field {
            None => placed,
            // That every bit is set was checked.
            Some((low, _)) => {
                let zeros = Placement::zeros(scope.nets[net].ty.width);
                whole.unwrap_or(zeros).replaced(*low, placed)?
            }
        });
    }
    whole
}
