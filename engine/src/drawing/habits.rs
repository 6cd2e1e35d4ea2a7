//! What a sheet does throughout, and what that says of a single figure that recognition damaged.
//!
//! The diameter sign and the decimal mark are what recognisers lose most. Where the rest of the text
//! or of the sheet leaves one way to read the figure, it is read that way; the printed text is kept.

use cad_common::contract::dimension::DimensionType;

use super::callout::Callout;

/// Sizes from which on a sheet has a habit.
const FEWEST_SIZES: usize = 5;

/// Share of the sizes that follow a habit, in percent.
const HABIT_PERCENT: usize = 75;

/// Sizes with a zero behind the decimal mark that prove that the sheet never drops decimals.
const FEWEST_KEPT_ZEROS: usize = 2;

/// Fits that are common between flat faces, as on keys; others are taken for those of round parts.
const FLAT_FITS: [&str; 6] = ["P9", "N9", "JS9", "D10", "H9", "h9"];

/// How a sheet prints its sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Habits {
    /// Whether the unit stands behind every size.
    pub(super) prints_unit: bool,
    /// The fewest decimals, where every size has some.
    pub(super) decimals: Option<usize>,
}

impl Habits {
    /// The habits that the sizes of a sheet show.
    pub(super) fn of<'c>(callouts: impl Iterator<Item = &'c Callout>) -> Self {
        let sizes: Vec<&Callout> = callouts.filter(|callout| is_size(callout)).collect();
        let are_most =
            |count: usize| count >= FEWEST_SIZES && count * 100 >= sizes.len() * HABIT_PERCENT;
        let with_decimals: Vec<usize> =
            sizes.iter().map(|size| size.decimals).filter(|decimals| *decimals > 0).collect();
        let keeps_zeros =
            sizes.iter().filter(|size| has_kept_zero(size)).count() >= FEWEST_KEPT_ZEROS;
        Self {
            prints_unit: are_most(sizes.iter().filter(|size| size.unit.is_some()).count()),
            decimals: with_decimals
                .iter()
                .min()
                .copied()
                .filter(|_| keeps_zeros && are_most(with_decimals.len())),
        }
    }

    /// Sets the decimal mark of a figure that lost it: `50` is `5.0` where every size has a decimal.
    pub(super) fn restore_decimals(self, callout: &mut Callout) {
        let Some(decimals) = self.decimals.filter(|_| is_size(callout) && callout.decimals == 0)
        else {
            return;
        };
        let scale = (0..decimals).fold(1.0, |scale, _| scale * 10.0);
        let ends_with_zeros = callout.value % scale == 0.0;
        if ends_with_zeros && callout.value >= scale {
            callout.value /= scale;
            callout.decimals = decimals;
        }
    }
}

/// Whether a callout is a size that a sheet's habits are about.
pub(super) fn is_size(callout: &Callout) -> bool {
    matches!(callout.kind, DimensionType::Length | DimensionType::Diameter | DimensionType::Radius)
}

/// Takes a counted or fitted figure without sign for a diameter: holes and shafts are what is
/// counted and fitted, and their sign is the one that gets lost.
pub(super) fn restore_sign(callout: &mut Callout) {
    let fit = callout.tolerance.as_ref().and_then(|tolerance| tolerance.fit.as_deref());
    let is_round_fit = fit.is_some_and(|fit| !FLAT_FITS.contains(&fit));
    if callout.kind == DimensionType::Length
        && !callout.is_signed
        && (callout.has_unsigned_count || is_round_fit)
    {
        callout.kind = DimensionType::Diameter;
        callout.is_signed = true;
    }
}

/// Whether a zero is printed that says nothing but how exact the figure is.
fn has_kept_zero(callout: &Callout) -> bool {
    let scale = (1..callout.decimals).fold(1.0, |scale, _| scale * 10.0);
    callout.decimals > 0 && (callout.value * scale).fract() == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(value: f64, decimals: usize) -> Callout {
        Callout { value, decimals, count: 1, ..Callout::default() }
    }

    #[test]
    fn a_lost_decimal_mark_is_set_where_every_size_has_one() {
        let sizes = [
            length(10.0, 1),
            length(33.0, 1),
            length(47.25, 2),
            length(5.0, 1),
            length(11.5, 1),
            length(50.0, 0),
        ];
        let habits = Habits::of(sizes.iter());
        let (mut damaged, mut junk) = (length(50.0, 0), length(7.0, 0));

        habits.restore_decimals(&mut damaged);
        habits.restore_decimals(&mut junk);

        assert_eq!((damaged.value, damaged.decimals), (5.0, 1));
        assert_eq!(junk, length(7.0, 0));
    }

    #[test]
    fn a_sheet_that_drops_zeros_has_no_decimals_to_set() {
        let sizes =
            [length(12.5, 1), length(20.5, 1), length(6.5, 1), length(7.1, 1), length(66.5, 1)];

        assert_eq!(Habits::of(sizes.iter()).decimals, None);
    }

    #[test]
    fn a_counted_figure_is_a_hole() {
        let mut counted = Callout { count: 4, has_unsigned_count: true, ..length(7.1, 1) };

        restore_sign(&mut counted);

        assert_eq!(counted.kind, DimensionType::Diameter);
    }
}
