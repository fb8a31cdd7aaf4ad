//! As Active Directory answers; where Windows and Samba differ, as Samba does, because it tells the reason.

use super::{BindEnd, Refusal, Words};

pub(super) fn refusal(refusal: &Refusal) -> Words {
    use Refusal as R;
    let restricted =
        |what: &str| (19, format!("0000052D: Constraint violation - check_password_restrictions: the password {what}"));
    let (code, text) = match refusal {
        R::TooShort { min_length } => {
            restricted(&format!("is too short. It should be equal to or longer than {min_length} characters!"))
        }
        R::TooSimple => restricted("does not meet the complexity criteria!"),
        R::InHistory => restricted("was already used (in history)!"),
        R::TooYoung => restricted("is too young to change!"),
        R::WrongOldPassword => (
            19,
            "00000056: Constraint violation - check_password_restrictions: The old password specified doesn't match!"
                .to_owned(),
        ),
        R::ChangeWhileLocked => {
            (19, "00000775: Constraint violation - the account is locked out: no password change".to_owned())
        }
        R::TwoPasswords | R::SingleValued(_) => (19, attribute("00002081", 1005, "CONSTRAINT_ATT_TYPE")),
        R::PasswordEncoding | R::EmptyPassword => {
            (53, "00002035: setup_io: unicodePwd must be the quoted password in UTF-16LE".to_owned())
        }
        R::NoRight | R::MustChangeFirst => {
            (50, "00002098: SecErr: DSID-03150E49, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0".to_owned())
        }
        R::BadName => (34, "00002081: NameErr: DSID-03050F42, problem 2003 (BAD_ATT_SYNTAX), data 0".to_owned()),
        R::NoSuchObject => (32, "00002030: NameErr: DSID-0310020A, problem 2001 (NO_OBJECT), data 0".to_owned()),
        R::NoSuchAttribute(_) => (16, attribute("00002085", 1001, "NO_ATTRIBUTE_OR_VAL")),
        R::ValueExists(_) => (20, attribute("00002083", 1006, "ATT_OR_VALUE_EXISTS")),
        R::BadValue(_) => (21, attribute("00000057", 1005, "CONSTRAINT_ATT_TYPE")),
        R::UndefinedType(_) => (
            16,
            "00000057: LdapErr: DSID-0C090D8A, comment: Error in attribute conversion operation, data 0".to_owned(),
        ),
        R::ReadOnly(_) => (53, service("0000209A")),
        R::NotOnRdn(_) => (67, "000020B1: UpdErr: DSID-030F1157, problem 6004 (CANT_ON_RDN), data 0".to_owned()),
        R::WillNotPerform(_) => (53, service("00002077")),
        R::CriticalControl => {
            (12, "00002040: SvcErr: DSID-031401F7, problem 5010 (UNAVAIL_EXTENSION), data 0".to_owned())
        }
        R::BadControl => (2, "00000057: LdapErr: DSID-0C0907B5, comment: Error processing control, data 0".to_owned()),
        R::UnknownExtended => {
            (2, "0000203D: LdapErr: DSID-0C090EC2, comment: Unknown extended request OID, data 0".to_owned())
        }
    };
    (code, text, None)
}

pub(super) fn bind(end: BindEnd) -> Words {
    let data = match end {
        BindEnd::Accepted => return (0, String::new(), None),
        BindEnd::Wrong => "52e",
        BindEnd::Disabled => "533",
        BindEnd::Expired => "701",
        BindEnd::MustChange => "773",
        BindEnd::Locked => "775",
    };
    (49, format!("80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {data}, v3839"), None)
}

fn attribute(code: &str, problem: u32, name: &str) -> String {
    format!("{code}: AtrErr: DSID-03152D2C, #1:\n\t0: {code}: DSID-03152D2C, problem {problem} ({name}), data 0")
}

fn service(code: &str) -> String {
    format!("{code}: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0")
}
