#!/bin/bash
# A throw-away OpenLDAP (slapd 2.5 with ppolicy); ldap on port 3890, ldaps on 6360, ldapi at DIR/ldapi; ready in less than
# a second.
# How to call it: see common.sh. Works as root and as anybody else. Variants by environment variable:
#   REQUIRE_TLS=0          take simple binds and writes without TLS
#   TLS_CERT=other-host    the certificate is for another name;   TLS_CERT=expired   it ended in 2021;   TLS_CERT=ends-soon   in ten days
#   COPY_OF=DIR            the data and the CA of the server below DIR: the second server of one directory
#   REFERRAL=URL           a read-only replica: every write is answered with a referral to URL
. "$(dirname "$0")/common.sh"

SUFFIX=dc=example,dc=org
SCHEMA=/etc/ldap/schema

configuration() {
  cat <<C
include   $SCHEMA/core.schema
include   $SCHEMA/cosine.schema
include   $SCHEMA/inetorgperson.schema
include   $SCHEMA/namedobject.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile   $DIR/slapd.pid
argsfile  $DIR/slapd.args
loglevel  stats
threads   4
sizelimit 500
TLSCACertificateFile  $DIR/tls/ca.pem
TLSCertificateFile    $DIR/tls/server.pem
TLSCertificateKeyFile $DIR/tls/server.key
TLSVerifyClient never
password-hash {SSHA}
C
  # Without TLS a simple bind and an update are answered with 13 (confidentialityRequired); the socket is as good as TLS.
  [ "${REQUIRE_TLS:-1}" = 0 ] || printf 'security simple_bind=128 update_ssf=128\nlocalSSF 128\n'
  cat <<C
database  mdb
suffix    "$SUFFIX"
rootdn    "$ADMIN_DN"
rootpw    $ADMIN_PW
directory $DIR/db
maxsize   67108864
# Nobody needs this data after a power failure.
dbnosync
index objectClass eq
index uid,cn,mail eq
index entryCSN,entryUUID eq
# The service account gets "=w" and never "manage": with "manage", and as rootdn, length, history and age are not
# checked. It sees neither a password nor a history.
access to dn.subtree="$PEOPLE_DN" attrs=userPassword
  by dn.exact="$SVC_DN" =w
  by self =xw
  by anonymous auth
  by * none
access to attrs=userPassword
  by self =xw
  by anonymous auth
  by * none
access to dn.subtree="$PEOPLE_DN" attrs=pwdAccountLockedTime,pwdReset
  by dn.exact="$SVC_DN" write
  by * none
access to attrs=pwdHistory,pwdAccountLockedTime,pwdReset
  by * none
access to *
  by users read
  by * none
C
  [ -z "${REFERRAL:-}" ] || printf 'updatedn "cn=nobody"\nupdateref %s\n' "$REFERRAL"
  cat <<C
overlay ppolicy
ppolicy_default "cn=default,ou=policies,$SUFFIX"
# A password that comes by "modify" is stored as a hash, too.
ppolicy_hash_cleartext
# A locked account is told so in the password policy control.
ppolicy_use_lockout
C
}

hash() { slappasswd -h '{SSHA}' -s "$1"; }
unit() { printf 'dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n' "$1" "$SUFFIX" "$1"; }
policy() { # NAME, further lines from stdin
  printf 'dn: cn=%s,ou=policies,%s\nobjectClass: namedPolicy\nobjectClass: pwdPolicy\ncn: %s\n' "$1" "$SUFFIX" "$1"
  printf 'pwdAttribute: userPassword\npwdCheckQuality: 2\npwdAllowUserChange: TRUE\npwdSafeModify: FALSE\n'
  cat
  echo
}
service() { # NAME PASSWORD
  printf 'dn: cn=%s,ou=services,%s\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: %s\n' \
    "$1" "$SUFFIX" "$1"
  printf 'userPassword: %s\npwdPolicySubentry: cn=services,ou=policies,%s\n\n' "$(hash "$2")" "$SUFFIX"
}
person() { # NAME UNIT HASH
  printf 'dn: uid=%s,ou=%s,%s\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s Example\nsn: Example\n' "$1" "$2" "$SUFFIX" "$1" "$1"
  printf 'mail: %s@example.org\nuserPassword: %s\n' "$1" "$3"
  case $1 in
    admin-zoe) echo 'employeeType: admin' ;;
    frank) printf 'pwdPolicySubentry: cn=min-age,ou=policies,%s\npwdChangedTime: %s\n' "$SUFFIX" "$(date -u +%Y%m%d%H%M%SZ)" ;;
    grace) printf 'pwdPolicySubentry: cn=long,ou=policies,%s\n' "$SUFFIX" ;;
  esac
  echo
}
data() {
  local name user_hash
  printf 'dn: %s\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n' "$SUFFIX"
  for name in people other services policies; do unit $name; done
  local usual=$'pwdMinLength: 10\npwdInHistory: 3\npwdLockout: TRUE\npwdMaxFailure: 3\npwdLockoutDuration: 0\npwdFailureCountInterval: 600'
  policy default <<<"$usual"
  policy min-age <<<"$usual"$'\npwdMinAge: 86400'
  policy must-change <<<"$usual"$'\npwdMustChange: TRUE'
  policy long <<<"${usual/MinLength: 10/MinLength: 20}"
  # A service account that a test locks with wrong passwords would take every other test with it.
  policy services <<<'pwdLockout: FALSE'
  service svc-portcullis "$SVC_PW"
  service svc-readonly "$READONLY_PW"
  user_hash=$(hash "$USER_PW")
  for name in $PEOPLE; do person "$name" people "$user_hash"; done
  person oscar other "$user_hash"
}

create() {
  need slapd slapadd slappasswd openssl
  PEOPLE_DN=ou=people,$SUFFIX
  SVC_DN=cn=svc-portcullis,ou=services,$SUFFIX
  ADMIN_DN=cn=root,$SUFFIX
  mkdir "$DIR/db" "$DIR/tls"
  if [ -n "${COPY_OF:-}" ]; then
    cp "$COPY_OF"/tls/{ca,other-ca}.{pem,key} "$DIR/tls/"
    slapcat -f "$COPY_OF/slapd.conf" -b "$SUFFIX" -l "$DIR/data.ldif" 2>"$DIR/slapcat.log" || die "slapcat: $(cat "$DIR/slapcat.log")"
  else
    authorities
    data >"$DIR/data.ldif"
  fi
  certificate "${TLS_CERT:-right}"
  configuration >"$DIR/slapd.conf"
  slapadd -q -f "$DIR/slapd.conf" -b "$SUFFIX" -l "$DIR/data.ldif" >"$DIR/slapadd.log" 2>&1 || { cat "$DIR/slapadd.log" >&2; die "slapadd failed"; }
  LDAP_URL=ldap://$ADDRESS:3890 LDAPS_URL=ldaps://$ADDRESS:6360 CA_FILE=$DIR/tls/ca.pem OTHER_CA_FILE=$DIR/tls/other-ca.pem
  BASE_DN=$SUFFIX POLICIES_DN=ou=policies,$SUFFIX READONLY_DN=cn=svc-readonly,ou=services,$SUFFIX DOMAIN=example.org
  env_file ADDRESS LDAP_URL LDAPS_URL CA_FILE OTHER_CA_FILE BASE_DN PEOPLE_DN POLICIES_DN DOMAIN \
    SVC_DN SVC_PW READONLY_DN READONLY_PW ADMIN_DN ADMIN_PW USER_PW
}
launch() {
  # "-d stats" keeps slapd in the foreground and logs one line for each operation. A session of its own, so that Ctrl-C
  # in the terminal of a test run does not reach it.
  setsid slapd -f "$DIR/slapd.conf" -h "$LDAP_URL $LDAPS_URL ldapi://${DIR//\//%2F}%2Fldapi" -d stats >>"$DIR/slapd.log" 2>&1 </dev/null &
  started $!
  ready "${LDAPS_URL#ldaps://}" "$DIR/slapd.log"
}
main "$@"
