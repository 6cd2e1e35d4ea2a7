//! Text to values, and what is said when that fails.

use super::*;

const COUNT: Setting = Setting::new("COUNT", "5", "A number, 1 to 10");
const NAME: Setting = Setting::new("NAME", "", "A name");
const FLAG: Setting = Setting::new("FLAG", "true", "A flag");

fn env(pairs: &[(&'static str, &'static str)]) -> Env<'static> {
    let pairs = pairs.to_vec();
    Env::from_lookup(move |name| {
        let found = pairs.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn unset_and_blank_variables_have_their_default() {
    for pairs in [&[][..], &[("COUNT", "")], &[("COUNT", "  ")]] {
        assert_eq!(env(pairs).parse::<u32>(&COUNT), Ok(5));
    }
    assert_eq!(env(&[("NAME", " ")]).text(&NAME), None);
}

#[test]
fn white_space_around_a_value_is_no_part_of_it() {
    assert_eq!(env(&[("COUNT", " 7\n")]).parse_within(&COUNT, 1..=10), Ok(7));
}

#[test]
fn bounds_are_within_the_bounds() {
    for (text, is_taken) in [("1", true), ("10", true), ("0", false), ("11", false)] {
        let value = env(&[("COUNT", text)]).parse_within::<u32>(&COUNT, 1..=10);
        assert_eq!(value.is_ok(), is_taken, "{text}");
    }
}

#[test]
fn error_names_the_variable_the_value_and_the_bounds() {
    let no_number = env(&[("COUNT", "many")]).parse_within::<u32>(&COUNT, 1..=10).unwrap_err();
    assert_eq!(no_number.name, "COUNT");
    assert!(no_number.to_string().starts_with("COUNT: `many` is not valid"), "{no_number}");

    let too_many = env(&[("COUNT", "99")]).parse_within::<u32>(&COUNT, 1..=10).unwrap_err();
    assert_eq!(too_many.to_string(), "COUNT: 99 is out of bounds, choose 1 to 10");
}

#[test]
fn optional_setting_is_absent_or_valid_but_never_ignored() {
    assert_eq!(env(&[]).parse_optional::<u32>(&NAME), Ok(None));
    assert_eq!(env(&[("NAME", "3")]).parse_optional::<u32>(&NAME), Ok(Some(3)));
    assert!(env(&[("NAME", "three")]).parse_optional::<u32>(&NAME).is_err());
}

#[test]
fn flags_know_the_usual_words_and_no_others() {
    for (text, value) in [("TRUE", true), ("1", true), ("on", true), ("No", false), ("0", false)] {
        assert_eq!(env(&[("FLAG", text)]).flag(&FLAG), Ok(value), "{text}");
    }
    assert_eq!(env(&[]).flag(&FLAG), Ok(true));
    assert_eq!(env(&[("FLAG", "maybe")]).flag(&FLAG).unwrap_err().name, "FLAG");
}

#[test]
fn secrets_are_not_printed() {
    let secret = Secret::from("amqp://user:password@host".to_owned());

    assert_eq!(format!("{secret:?}"), "***");
    assert_eq!(secret.reveal(), "amqp://user:password@host");
}

#[test]
fn redacted_url_keeps_its_host_and_loses_its_password() {
    let cases = [
        ("redis://localhost:6379", "redis://localhost:6379"),
        ("redis://:word@localhost/1", "redis://***@localhost/1"),
        ("amqp://guest:p@ss@broker:5672/%2f", "amqp://***@broker:5672/%2f"),
        ("no url", "no url"),
    ];
    for (url, shown) in cases {
        assert_eq!(redact_url(url), shown);
    }
}
