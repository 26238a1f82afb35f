//! Operators that only move elements: shapes of their outputs, and the integers in them.

use super::value::{
    attribute, axis, elements, integer, ints, required, sizes, Inputs, Value, MOST_INTS,
};
use rten_onnx::onnx::NodeProto;

pub(super) fn concat(inputs: Inputs, node: &NodeProto) -> Result<Value, String> {
    let first = required(inputs, 0)?;
    let along = axis(integer(node, "axis", 0), first.shape.len())?;
    let mut shape = first.shape.clone();
    let mut list = Some(Vec::new());
    shape[along] = 0;
    for n in 0..inputs.len() {
        let value = required(inputs, n)?;
        let fits = value.shape.len() == shape.len()
            && (0..shape.len()).all(|d| d == along || value.shape[d] == shape[d]);
        if !fits {
            return Err(format!("joins {:?} and {:?}, which do not fit", first.shape, value.shape));
        }
        shape[along] = shape[along].checked_add(value.shape[along]).ok_or("is too long")?;
        list = list.zip(value.ints.as_deref()).map(|(list, more)| [&list, more].concat());
        list = list.filter(|list| list.len() <= MOST_INTS);
    }
    Ok(Value { ints: list.filter(|_| shape.len() == 1), shape, float: first.float })
}

/// Indices must be known: what is computed from the voltages could point outside.
pub(super) fn gather(inputs: Inputs, node: &NodeProto) -> Result<Value, String> {
    let (value, places) = (required(inputs, 0)?, required(inputs, 1)?);
    let along = axis(integer(node, "axis", 0), value.shape.len())?;
    let indices = places.ints.as_deref().ok_or("takes its indices from what is computed")?;
    for &index in indices {
        axis(index, value.shape[along])?;
    }
    let shape = [&value.shape[..along], &places.shape, &value.shape[along + 1..]].concat();
    let known = value.ints.as_deref().filter(|_| value.shape.len() == 1);
    let list = known.map(|list| {
        let place = |index: i64| axis(index, list.len()).ok().and_then(|n| list.get(n).copied());
        indices.iter().filter_map(|&index| place(index)).collect()
    });
    Ok(Value { shape, float: value.float, ints: list })
}

pub(super) fn slice(inputs: Inputs) -> Result<Value, String> {
    let value = required(inputs, 0)?;
    let (starts, ends) = (ints(inputs, 1)?, ints(inputs, 2)?);
    let given = |n: usize| inputs.get(n).copied().flatten().map(|_| ints(inputs, n)).transpose();
    let (along, steps) = (given(3)?, given(4)?);
    let lengths = [Some(ends), along, steps];
    if lengths.into_iter().flatten().any(|list| list.len() != starts.len()) {
        return Err("has starts, ends, axes and steps of different lengths".into());
    }
    let mut shape = value.shape.clone();
    let mut ranges = Vec::new();
    for n in 0..starts.len() {
        let along = axis(along.map_or(n as i64, |list| list[n]), shape.len())?;
        let size = value.shape[along] as i64;
        let step = steps.map_or(1, |list| list[n]);
        if step == 0 {
            return Err("has a step of 0".into());
        }
        let from_end = |place: i64| if place < 0 { place.saturating_add(size) } else { place };
        let (start, end) = (from_end(starts[n]), from_end(ends[n]));
        let (start, end) = match step > 0 {
            true => (start.clamp(0, size), end.clamp(0, size)),
            false => (start.clamp(-1, size - 1), end.clamp(-1, size - 1)),
        };
        let distance = if step > 0 { end - start } else { start - end };
        shape[along] =
            usize::try_from(distance).unwrap_or(0).div_ceil(step.unsigned_abs() as usize);
        ranges.push((start, step));
    }
    let known = value.ints.as_deref().filter(|_| value.shape.len() == 1 && ranges.len() == 1);
    let list = known.map(|list| {
        let (start, step) = ranges[0];
        (0..shape[0] as i64)
            .filter_map(|n| list.get((start + n * step) as usize).copied())
            .collect()
    });
    Ok(Value { shape, float: value.float, ints: list })
}

pub(super) fn split(inputs: Inputs, node: &NodeProto) -> Result<Vec<Value>, String> {
    let value = required(inputs, 0)?;
    let along = axis(integer(node, "axis", 0), value.shape.len())?;
    let (size, count) = (value.shape[along], node.output.len().max(1));
    let parts = match inputs.get(1).copied().flatten() {
        Some(_) => sizes(ints(inputs, 1)?)?,
        None => {
            let part = size.div_ceil(count);
            (0..count).map(|n| part.min(size.saturating_sub(n * part))).collect()
        }
    };
    if parts.len() != count
        || parts.iter().try_fold(0usize, |sum, &p| sum.checked_add(p)) != Some(size)
    {
        return Err(format!("divides {size} into {parts:?} for {count} outputs"));
    }
    let part = |size| {
        let mut shape = value.shape.clone();
        shape[along] = size;
        Value { shape, float: value.float, ints: None }
    };
    Ok(parts.into_iter().map(part).collect())
}

pub(super) fn reshape(shape: &[usize], to: &[i64], node: &NodeProto) -> Result<Vec<usize>, String> {
    let misfit = || format!("makes {to:?} of {shape:?}, which do not fit");
    let copies = integer(node, "allowzero", 0) == 0;
    let mut sizes = Vec::new();
    let mut open = None;
    for (n, &size) in to.iter().enumerate() {
        sizes.push(match size {
            -1 if open.is_none() => {
                open = Some(n);
                1
            }
            0 if copies => *shape.get(n).ok_or_else(misfit)?,
            size => usize::try_from(size).map_err(|_| misfit())?,
        });
    }
    let (held, wanted) = (elements(shape), elements(&sizes));
    let (Some(held), Some(wanted)) = (held, wanted) else { return Err(misfit()) };
    if let Some(n) = open {
        sizes[n] = held.checked_div(wanted).ok_or_else(misfit)?;
    }
    if elements(&sizes) == Some(held) {
        Ok(sizes)
    } else {
        Err(misfit())
    }
}

pub(super) fn flatten(shape: &[usize], node: &NodeProto) -> Result<Vec<usize>, String> {
    let at = integer(node, "axis", 1);
    let at = if at == shape.len() as i64 { shape.len() } else { axis(at, shape.len())? };
    let side = |shape: &[usize]| elements(shape).ok_or("is too long");
    Ok(vec![side(&shape[..at])?, side(&shape[at..])?])
}

pub(super) fn squeeze(shape: &[usize], given: Option<Vec<i64>>) -> Result<Vec<usize>, String> {
    let gone = match given {
        Some(list) => {
            list.into_iter().map(|a| axis(a, shape.len())).collect::<Result<Vec<_>, _>>()?
        }
        None => (0..shape.len()).filter(|&n| shape[n] == 1).collect(),
    };
    if gone.iter().any(|&n| shape[n] != 1) {
        return Err(format!("removes a dimension of {shape:?} that is not 1"));
    }
    Ok((0..shape.len()).filter(|n| !gone.contains(n)).map(|n| shape[n]).collect())
}

pub(super) fn unsqueeze(shape: &[usize], given: Vec<i64>) -> Result<Vec<usize>, String> {
    let rank = shape.len() + given.len();
    let new = given.into_iter().map(|a| axis(a, rank)).collect::<Result<Vec<_>, _>>()?;
    let mut old = shape.iter();
    let sizes = (0..rank).map(|n| if new.contains(&n) { Some(1) } else { old.next().copied() });
    sizes.collect::<Option<_>>().ok_or_else(|| "names an axis twice".into())
}

pub(super) fn transpose(shape: &[usize], node: &NodeProto) -> Result<Vec<usize>, String> {
    let order: Vec<i64> = match attribute(node, "perm") {
        Some(a) => a.ints.clone(),
        None => (0..shape.len() as i64).rev().collect(),
    };
    let places = order.iter().map(|&a| axis(a, shape.len())).collect::<Result<Vec<_>, _>>()?;
    let mut sorted = places.clone();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..shape.len()) {
        Ok(places.into_iter().map(|n| shape[n]).collect())
    } else {
        Err(format!("has the order {order:?} for {} dimensions", shape.len()))
    }
}
