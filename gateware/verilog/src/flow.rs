//! Follows every path through a kernel: signals written, and whether they are written before they are read.

use super::ir::{Class, Expr, ExprKind, Label, NetId, Role, Stmt};
use super::scope::Scope;
use super::EmitError;

/// Bits of every net that have been assigned on the path.
type Assigned = Vec<Vec<bool>>;

/// Refuses latches, undriven signals, reads before writes and writes to signals that another process drives.
pub(super) fn check(scope: &Scope, stmts: &[Stmt]) -> Result<(), EmitError> {
    let mut assigned: Assigned = scope.nets.iter().map(|net| vec![false; net.ty.width]).collect();
    let mut flow = Flow { scope, touched: vec![false; scope.nets.len()] };
    flow.block(stmts, &mut assigned)?;
    for (id, net) in scope.nets.iter().enumerate() {
        if !net.role.is_driven_here() || assigned[id].iter().all(|bit| *bit) {
            continue;
        }
        let module = scope.path.clone();
        let signal = net.key.replace('$', ".");
        return Err(if flow.touched[id] {
            EmitError::Latch { module, signal }
        } else {
            EmitError::NotDriven { module, signal }
        });
    }
    Ok(())
}

/// Whether the arms cover every value that Rust knows.
pub(super) fn is_complete(test: &Expr, arms: &[(Label, Vec<Stmt>)]) -> bool {
    if arms.iter().any(|(label, _)| *label == Label::Default) {
        return true;
    }
    let mut labels: Vec<String> = arms.iter().map(|(label, _)| format!("{label:?}")).collect();
    labels.sort();
    labels.dedup();
    match &test.ty.class {
        Class::Enum(_, variants) => labels.len() == variants.len(),
        _ => test.ty.width < 32 && labels.len() == 1 << test.ty.width,
    }
}

struct Flow<'a> {
    scope: &'a Scope,
    touched: Vec<bool>,
}

impl Flow<'_> {
    fn block(&mut self, stmts: &[Stmt], assigned: &mut Assigned) -> Result<(), EmitError> {
        for stmt in stmts {
            match stmt {
                Stmt::Assign { target, field, value } => {
                    self.reads(value, assigned)?;
                    self.write(*target, *field, assigned)?;
                }
                Stmt::If { test, then, otherwise } => {
                    self.reads(test, assigned)?;
                    let mut other = assigned.clone();
                    self.block(then, assigned)?;
                    self.block(otherwise, &mut other)?;
                    intersect(assigned, &other);
                }
                Stmt::Case { test, arms } => {
                    self.reads(test, assigned)?;
                    let before = assigned.clone();
                    let mut merged = (!is_complete(test, arms)).then(|| before.clone());
                    for (_, body) in arms {
                        let mut path = before.clone();
                        self.block(body, &mut path)?;
                        match &mut merged {
                            Some(merged) => intersect(merged, &path),
                            None => merged = Some(path),
                        }
                    }
                    *assigned = merged.unwrap_or(before);
                }
                Stmt::Comment(_) => {}
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        target: NetId,
        field: Option<(usize, usize)>,
        assigned: &mut Assigned,
    ) -> Result<(), EmitError> {
        let net = &self.scope.nets[target];
        if !net.role.is_driven_here() {
            return Err(self.scope.unsupported(format!(
                "an assignment to `{}`, which is driven elsewhere",
                net.key.replace('$', ".")
            )));
        }
        self.touched[target] = true;
        let (low, width) = field.unwrap_or((0, net.ty.width));
        assigned[target][low..low + width].fill(true);
        Ok(())
    }

    fn reads(&self, expr: &Expr, assigned: &Assigned) -> Result<(), EmitError> {
        if let ExprKind::Slice(net, low) = expr.kind {
            return self.read(net, low, expr.ty.width, assigned);
        }
        let mut result = Ok(());
        match &expr.kind {
            ExprKind::Not(x)
            | ExprKind::Negate(x)
            | ExprKind::Reduce(_, x)
            | ExprKind::Resize(x)
            | ExprKind::Reinterpret(x) => result = self.reads(x, assigned),
            ExprKind::Binary(_, a, b) => {
                self.reads(a, assigned)?;
                result = self.reads(b, assigned);
            }
            _ => expr.for_each_net(&mut |net| {
                if result.is_ok() {
                    result = self.read(net, 0, self.scope.nets[net].ty.width, assigned);
                }
            }),
        }
        result
    }

    fn read(
        &self,
        id: NetId,
        low: usize,
        width: usize,
        assigned: &Assigned,
    ) -> Result<(), EmitError> {
        let net = &self.scope.nets[id];
        match net.role {
            Role::Output | Role::Local => {
                if assigned[id][low..low + width].iter().all(|bit| *bit) {
                    return Ok(());
                }
                Err(EmitError::ReadBeforeWrite {
                    module: self.scope.path.clone(),
                    signal: net.key.replace('$', "."),
                })
            }
            role if role.is_source() => Ok(()),
            _ => Err(self.scope.unsupported(format!(
                "a read of `{}`, an input of a child or register: it lags behind in Rust",
                net.key.replace('$', ".")
            ))),
        }
    }
}

fn intersect(a: &mut Assigned, b: &Assigned) {
    for (a, b) in a.iter_mut().zip(b) {
        for (a, b) in a.iter_mut().zip(b) {
            *a &= *b;
        }
    }
}
