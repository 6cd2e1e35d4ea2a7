//! Two readers, one text: the specialist for dimension text is asked first, the general one where that is no
//! dimension or not sure.
//!
//! The specialist knows the signs and is cheap; the general model knows words and every script. A text that looks
//! like a dimension and is read with confidence is the specialist's; everything else goes to the surer of the two,
//! words with an advantage for the general one.

use super::ctc::Decoded;

/// From here on the specialist's word is taken without asking the other one.
const SURE: f32 = 0.97;

/// A character left out with more probability than this may have been a point.
const LEFT_OUT: f32 = 0.1;

/// Under this the specialist only guesses.
const DOUBTFUL: f32 = 0.75;

/// How much surer the general model must be to overrule the specialist on its own ground.
const HOME_ADVANTAGE: f32 = 0.08;

/// A sign that the general model doesn't know is read by it as something else, never with confidence.
const GENERAL_DOUBT: f32 = 0.85;

/// What it is worth that both read the same, when a line may be read in two directions.
const AGREEMENT: f32 = 0.5;

/// Signs that no word has, and that the general model has never been seen to read right.
const SIGNS: &str = "⌀⌴↧⌵⌲⏥⏤○⌭⌒⌓∠⊥∥⌖◎⌯↗⌰ⓂⓁⓅⒻⓊⓉⒺⓈ□";

/// What both readers make of one picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Opinions {
    pub(super) specialist: Decoded,
    pub(super) general: Decoded,
}

impl Opinions {
    /// Whether they read the same, apart from spaces.
    pub(super) fn agree(&self) -> bool {
        let bare = |text: &str| text.replace([' ', '×', 'X'], "").replace('x', "");
        bare(&self.specialist.text) == bare(&self.general.text)
    }

    /// How well the picture could be read at all.
    pub(super) fn weight(&self) -> f32 {
        let agreement = if self.agree() { AGREEMENT } else { 0.0 };
        self.specialist.confidence + self.general.confidence + agreement
    }

    /// Chooses between the two.
    pub(super) fn choose(self) -> Decoded {
        let Self { specialist, general } = self;
        let is_foreign = general.confidence >= GENERAL_DOUBT
            && general.text.chars().any(|character| character >= '\u{2e80}');
        if is_foreign || has_dropped_marks(&specialist, &general) {
            return general;
        }
        let is_lone_sign = is_sign(&specialist.text)
            && specialist.confidence >= SURE
            && general.confidence < GENERAL_DOUBT;
        let has_ground = is_dimension(&specialist.text) && specialist.confidence >= DOUBTFUL;
        let is_surer = specialist.confidence + HOME_ADVANTAGE >= general.confidence;
        let chosen = if is_lone_sign || (has_ground && is_surer) { specialist } else { general };
        if is_dimension(&chosen.text) { tidied(&chosen) } else { chosen }
    }
}

/// The specialist's reading, where the general model need not be asked.
pub(super) fn settled(specialist: &Decoded) -> Option<Decoded> {
    let is_sure = specialist.confidence >= SURE
        && specialist.left_out <= LEFT_OUT
        && is_dimension(&specialist.text);
    is_sure.then(|| tidied(specialist))
}

/// Drops what no dimension has: the ends of dimension lines read as points and signs.
fn tidied(read: &Decoded) -> Decoded {
    let mut text = read.text.replace(",,", ",").replace("..", ".");
    let rest = text.trim_start_matches(['.', ',']);
    // `.250` is inches, `.28,00` the tip of an arrow before a figure.
    if rest.len() < text.len() && rest.contains(['.', ',']) {
        text = rest.to_owned();
    }
    if let Some(figure) = text.strip_prefix(is_characteristic).filter(|_| !text.contains('|'))
        && is_one_or_more(figure)
    {
        text = figure.to_owned();
    }
    Decoded { text, ..*read }
}

fn is_characteristic(character: char) -> bool {
    "⏤⏥○⌭⌒⌓∠⊥∥⌖◎⌯↗⌰".contains(character)
}

/// Whether a figure is too large for a tolerance, before which a characteristic would stand.
fn is_one_or_more(text: &str) -> bool {
    let digits = text.trim_start_matches(['⌀', ' ']);
    digits.starts_with(|first: char| ('1'..='9').contains(&first))
}

/// Whether both read the same, but for points and commas that only the general model saw.
fn has_dropped_marks(specialist: &Decoded, general: &Decoded) -> bool {
    let is_mark = |character: &char| matches!(character, '.' | ',' | ':' | '*');
    let bare = |text: &str| text.chars().filter(|c| !is_mark(c) && *c != ' ').collect::<String>();
    let marks = |text: &str| text.chars().filter(is_mark).count();
    general.confidence >= DOUBTFUL
        && marks(&general.text) > marks(&specialist.text)
        && bare(&general.text) == bare(&specialist.text)
}

/// Whether a text is the content of a frame's first cell.
fn is_sign(text: &str) -> bool {
    text.chars().count() == 1 && text.chars().all(|character| SIGNS.contains(character))
}

/// Whether a text can be a dimension: figures and signs, and letters only as engineers use them among these.
fn is_dimension(text: &str) -> bool {
    let is_figure = |character: char| character.is_ascii_digit() || SIGNS.contains(character);
    let is_letter = |character: char| character.is_alphabetic() && !SIGNS.contains(character);
    let figures = text.chars().filter(|character| is_figure(*character)).count();
    let letters = text.chars().filter(|character| is_letter(*character)).count();
    let has_digit = text.chars().any(|character| character.is_ascii_digit());
    // `M8x1.25-6H LH`, `4x ⌀6.6 THRU` have fewer letters than figures and marks; `Sheet 2.0 Steel` doesn't.
    has_digit && letters <= figures + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, confidence: f32) -> Decoded {
        Decoded { text: text.to_owned(), confidence, left_out: 0.0 }
    }

    fn choose(specialist: Decoded, general: Decoded) -> String {
        Opinions { specialist, general }.choose().text
    }

    #[test]
    fn figures_and_signs_are_dimensions_and_words_are_not() {
        for text in ["25", "⌀20H7", "4x⌀6.6", "R5", "M8x1.25-6H", "+0.02", "⌖|⌀0.14Ⓜ|C|E", "2x45°"]
        {
            assert!(is_dimension(text), "{text}");
        }
        for text in ["", "SCALE", "Sheet 2.0 Steel", "A", "SECTION A-A", "DIN EN ISO 2768"] {
            assert!(!is_dimension(text), "{text}");
        }
    }

    #[test]
    fn a_sure_dimension_is_not_read_twice() {
        assert_eq!(settled(&read("⌀20", 0.99)).unwrap().text, "⌀20");
        assert_eq!(settled(&read("⌀20", 0.9)), None);
        assert_eq!(settled(&read("SCALE", 0.99)), None);
        let dropped = Decoded { left_out: 0.3, ..read("24", 0.99) };
        assert_eq!(settled(&dropped), None, "it may be 2.4");
    }

    #[test]
    fn the_specialist_wins_on_its_own_ground_only() {
        assert_eq!(choose(read("⌀20", 0.92), read("020", 0.98)), "⌀20");
        assert_eq!(choose(read("⌀2O", 0.6), read("20", 0.98)), "20");
        assert_eq!(choose(read("SCAL3", 0.9), read("SCALE", 0.8)), "SCALE");
        assert_eq!(choose(read("10", 0.99), read("审核", 0.9)), "审核");
    }

    #[test]
    fn a_point_that_only_one_of_them_saw_is_kept() {
        assert_eq!(choose(read("R24", 0.95), read("R2.4", 0.9)), "R2.4");
        assert_eq!(choose(read("⌀2.4", 0.95), read("024", 0.9)), "⌀2.4");
    }

    #[test]
    fn a_lone_sign_is_believed_where_the_other_one_sees_nothing_that_it_knows() {
        assert_eq!(choose(read("⌖", 0.99), read("中", 0.5)), "⌖");
        assert_eq!(choose(read("⌖", 0.99), read("+", 0.5)), "⌖");
        assert_eq!(choose(read("○", 0.99), read("0", 0.99)), "0");
    }

    #[test]
    fn ends_of_dimension_lines_are_no_part_of_the_text() {
        for (given, expected) in [
            (".28,00mm", "28,00mm"),
            (".250", ".250"),
            ("0,,84", "0,84"),
            ("⌯⌀6,60", "⌀6,60"),
            ("⏥0.05", "⏥0.05"),
            ("⌖|⌀1.5|A", "⌖|⌀1.5|A"),
        ] {
            assert_eq!(tidied(&read(given, 0.99)).text, expected);
        }
    }

    #[test]
    fn agreement_outweighs_the_confidence_of_one() {
        let upright = Opinions { specialist: read("5.0", 0.9), general: read("5.0", 0.9) };
        let across = Opinions { specialist: read("8", 0.99), general: read("o5", 0.6) };

        assert!(upright.agree() && !across.agree());
        assert!(upright.weight() > across.weight());
    }
}
