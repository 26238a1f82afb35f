//! Removes code that a configuration does not use: branches with a constant test, and signals without effect on an output.

use super::ir::{remove_at, Expr, ExprKind, Literal, NetId, Operator, Role, Stmt, Type};
use super::scope::Scope;
use std::collections::BTreeSet;

/// Takes the branches whose test is constant, and drops assignments that a later one replaces unread.
pub(super) fn fold(scope: &Scope, stmts: Vec<Stmt>) -> Vec<Stmt> {
    let mut out = fold_block(scope, stmts);
    drop_replaced(&mut out);
    out
}

fn fold_block(scope: &Scope, stmts: Vec<Stmt>) -> Vec<Stmt> {
    let mut out = Vec::new();
    for stmt in stmts {
        match stmt {
            Stmt::Assign { target, field, value } => {
                out.push(Stmt::Assign { target, field, value: simplified(scope, value) });
            }
            Stmt::If { test, then, otherwise } => {
                let test = simplified(scope, test);
                match truth(scope, &test) {
                    Some(true) => out.extend(fold_block(scope, then)),
                    Some(false) => out.extend(fold_block(scope, otherwise)),
                    None => out.push(Stmt::If {
                        test,
                        then: fold_block(scope, then),
                        otherwise: fold_block(scope, otherwise),
                    }),
                }
            }
            Stmt::Case { test, arms } => {
                let arms = arms.into_iter().map(|(label, body)| (label, fold_block(scope, body)));
                out.push(Stmt::Case { test, arms: arms.collect() });
            }
            Stmt::Comment(_) => out.push(stmt),
        }
    }
    out
}

/// The value of one bit, if it is constant.
fn truth(scope: &Scope, expr: &Expr) -> Option<bool> {
    match &expr.kind {
        _ if expr.ty.width != 1 => None,
        ExprKind::Literal(literal) => literal.as_u64().map(|value| value == 1),
        ExprKind::Net(net) if scope.nets[*net].role == Role::Constant => {
            scope.nets[*net].value.as_u64().map(|value| value == 1)
        }
        _ => None,
    }
}

/// The expression without constant operands of `!`, `&&` and `||`, and without a difference from zero.
fn simplified(scope: &Scope, expr: Expr) -> Expr {
    let Expr { ty, kind } = expr;
    if let ExprKind::Binary(Operator::Sub, a, b) = &kind {
        if matches!(&a.kind, ExprKind::Literal(zero) if zero.as_u64() == Some(0)) {
            return Expr { ty, kind: ExprKind::Negate(b.clone()) };
        }
    }
    if ty.width != 1 {
        return Expr { ty, kind };
    }
    let bit = |value: bool| Expr {
        ty: Type::unsigned(1),
        kind: ExprKind::Literal(Literal { width: 1, hex: if value { "1" } else { "" }.into() }),
    };
    match kind {
        ExprKind::Not(inner) => {
            let inner = simplified(scope, *inner);
            match truth(scope, &inner) {
                Some(value) => bit(!value),
                None => Expr { ty, kind: ExprKind::Not(Box::new(inner)) },
            }
        }
        ExprKind::Binary(operator @ (Operator::And | Operator::Or), a, b) => {
            let (a, b) = (simplified(scope, *a), simplified(scope, *b));
            // The value that decides alone.
            let decides = operator == Operator::Or;
            match (truth(scope, &a), truth(scope, &b)) {
                (Some(value), _) | (_, Some(value)) if value == decides => bit(decides),
                (Some(_), _) => b,
                (_, Some(_)) => a,
                _ => Expr { ty, kind: ExprKind::Binary(operator, Box::new(a), Box::new(b)) },
            }
        }
        kind => Expr { ty, kind },
    }
}

/// Removes unconditional assignments that the next statement about the net replaces, such as those of `dff_setup!`.
fn drop_replaced(stmts: &mut Vec<Stmt>) {
    let mut dead = BTreeSet::new();
    for (index, stmt) in stmts.iter().enumerate() {
        let Stmt::Assign { target, .. } = stmt else {
            continue;
        };
        let next = stmts[index + 1..]
            .iter()
            .find(|later| later.writes().contains(target) || later.reads().contains(target));
        let Some(Stmt::Assign { field: None, value, .. }) = next else {
            continue;
        };
        if !value.reads(*target) {
            dead.insert(index);
        }
    }
    remove_at(stmts, &dead);
}

/// The nets on which an output, or an instance with an output in use, depends; the others need no driver.
///
/// `ignored` are inputs of children that their modules do not use.
/// `used` are the outputs that the module's parent reads; without it all are needed.
pub(super) fn live(
    scope: &Scope,
    stmts: &[Stmt],
    used: Option<&BTreeSet<String>>,
    ignored: &BTreeSet<NetId>,
) -> BTreeSet<NetId> {
    let mut dependencies = vec![BTreeSet::new(); scope.nets.len()];
    collect(stmts, &BTreeSet::new(), &mut dependencies);
    let has_output = |child| scope.nets.iter().any(|net| net.role == Role::ChildOutput(child));
    let mut open: Vec<NetId> = Vec::new();
    for (id, net) in scope.nets.iter().enumerate() {
        match net.role {
            Role::Output if used.is_some_and(|used| !used.contains(&net.key)) => {}
            Role::Output | Role::InOut => open.push(id),
            Role::ChildInput(child) if !has_output(child) && !ignored.contains(&id) => {
                open.push(id);
            }
            _ => {}
        }
    }
    let mut live = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !live.insert(id) {
            continue;
        }
        open.extend(&dependencies[id]);
        match scope.nets[id].role {
            Role::Register => {
                let next = scope.next_of(&scope.nets[id]);
                open.extend(next.into_iter().chain(scope.clock_of(&scope.nets[id])));
            }
            Role::ChildOutput(child) => {
                let inputs = scope.nets.iter().enumerate();
                let inputs = inputs.filter(|(_, net)| net.role == Role::ChildInput(child));
                open.extend(inputs.map(|(id, _)| id).filter(|id| !ignored.contains(id)));
            }
            _ => {}
        }
    }
    live
}

/// Adds to every target the nets that decide its value.
fn collect(stmts: &[Stmt], tests: &BTreeSet<NetId>, out: &mut [BTreeSet<NetId>]) {
    let with = |expr: &Expr| {
        let mut nets = tests.clone();
        expr.for_each_net(&mut |net| {
            nets.insert(net);
        });
        nets
    };
    for stmt in stmts {
        match stmt {
            Stmt::Assign { target, value, .. } => out[*target].extend(with(value)),
            Stmt::If { test, then, otherwise } => {
                let tests = with(test);
                collect(then, &tests, out);
                collect(otherwise, &tests, out);
            }
            Stmt::Case { test, arms } => {
                let tests = with(test);
                arms.iter().for_each(|(_, body)| collect(body, &tests, out));
            }
            Stmt::Comment(_) => {}
        }
    }
}
