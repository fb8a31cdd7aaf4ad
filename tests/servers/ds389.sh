#!/bin/bash
# A throw-away 389 Directory Server (2.3); ldap on port 3890, ldaps on 6360; ready in about 5 seconds.
# How to call it: see common.sh. Works as root and as anybody else: neither dscreate nor systemd is involved, the
# packaged template of the configuration is filled in here. Variant: REQUIRE_TLS=0.
. "$(dirname "$0")/common.sh"

SUFFIX=dc=example,dc=org
NSS_PW=throw-away

# The server reads its key from an NSS database and wants it to have a password.
key_database() {
  printf '%s\n' $NSS_PW >"$DIR/etc/pwdfile.txt"
  printf 'Internal (Software) Token:%s\n' $NSS_PW >"$DIR/etc/pin.txt"
  openssl pkcs12 -export -inkey "$DIR/tls/server.key" -in "$DIR/tls/server.pem" -certfile "$DIR/tls/ca.pem" \
    -name Server-Cert -passout pass:$NSS_PW -out "$DIR/tls/server.p12"
  certutil -N -d "sql:$DIR/etc" -f "$DIR/etc/pwdfile.txt"
  pk12util -i "$DIR/tls/server.p12" -d "sql:$DIR/etc" -k "$DIR/etc/pwdfile.txt" -W $NSS_PW >/dev/null
  certutil -A -d "sql:$DIR/etc" -n ca -t CT,, -i "$DIR/tls/ca.pem" -f "$DIR/etc/pwdfile.txt"
}

settings() { # of cn=config, beyond the template
  local require=on
  [ "${REQUIRE_TLS:-1}" = 0 ] && require=off
  cat <<C
nsslapd-listenhost: $ADDRESS
nsslapd-securelistenhost: $ADDRESS
nsslapd-secureport: 6360
nsslapd-security: on
nsslapd-require-secure-binds: $require
nsslapd-accesslog-logbuffering: off
nsslapd-rootpwstoragescheme: SSHA512
nsslapd-pwpolicy-local: on
passwordIsGlobalPolicy: on
C
  policy
}
policy() { # the default; SHA-512 because the server's own PBKDF2 takes a tenth of a second for each bind
  cat <<C
passwordStorageScheme: SSHA512
passwordCheckSyntax: on
passwordMinLength: 10
passwordMinCategories: 1
passwordMinTokenLength: 3
passwordHistory: on
passwordInHistory: 3
passwordChange: on
passwordMustChange: off
passwordLockout: on
passwordMaxFailure: 3
passwordUnlock: off
passwordResetFailureCount: 600
passwordMinAge: 0
passwordExp: off
passwordTrackUpdateTime: on
C
}
configuration() {
  local file
  cp -r /etc/dirsrv/schema "$DIR/etc/schema"
  cp /etc/dirsrv/config/{slapd-collations.conf,certmap.conf} "$DIR/etc/"
  chmod -R u+w "$DIR/etc"
  settings >"$DIR/settings"
  printf 'nsslapd-cache-autosize: 0\nnsslapd-dbcachesize: 1000000\n' >"$DIR/cache-settings"
  sed -e "s,%schema_dir%,$DIR/etc/schema,; s,%lock_dir%,$DIR/lock,; s,%tmp_dir%,$DIR/tmp,; s,%cert_dir%,$DIR/etc," \
    -e "s,%ldif_dir%,$DIR/ldif,; s,%bak_dir%,$DIR/bak,; s,%run_dir%,$DIR/run,; s,%inst_dir%,$DIR/inst,; s,%log_dir%,$DIR/log," \
    -e "s,%fqdn%,localhost,; s,%ds_port%,3890,; s,%ds_user%,$(id -un),; s,%rootdn%,$ADMIN_DN,; s|%ds_suffix%|$SUFFIX|" \
    -e "s|%ds_passwd%|$(pwdhash -s SSHA512 "$ADMIN_PW")|; s,%config_dir%,$DIR/etc,; s,%db_dir%,$DIR/db," \
    -e "s,%db_home_dir%,$DIR/dbhome,; s,%db_lib%,bdb,; s,%ldapi_enabled%,off,; s,%ldapi%,$DIR/run/ldapi,; s,%ldapi_autobind%,off," \
    -e "/^nsslapd-ldapimaprootdn:/r $DIR/settings" -e "/^nsslapd-backend-implement:/r $DIR/cache-settings" \
    /usr/share/dirsrv/data/template-dse.ldif
  cat <<C
dn: cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userRoot
nsslapd-suffix: $SUFFIX
nsslapd-directory: $DIR/db/userRoot
nsslapd-cachememsize: 1048576
nsslapd-dncachememsize: 1048576

dn: cn="$SUFFIX",cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: $SUFFIX
nsslapd-state: backend
nsslapd-backend: userRoot
C
}

unit() { printf 'dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n' "$1" "$SUFFIX" "$1"; }
aci() { # TARGET-ATTRIBUTES NAME RIGHTS WHO
  printf 'aci: (targetattr%s)(version 3.0; acl "%s"; allow (%s) userdn="ldap:///%s";)\n' "$@"
}
named_policy() { # NAME SED-EXPRESSION
  printf 'dn: cn=%s,ou=policies,%s\nobjectClass: ldapsubentry\nobjectClass: passwordpolicy\ncn: %s\n' "$1" "$SUFFIX" "$1"
  policy | sed "$2"
  echo
}
service() { # NAME PASSWORD
  printf 'dn: cn=%s,ou=services,%s\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: %s\n' \
    "$1" "$SUFFIX" "$1"
  printf 'userPassword: %s\npwdpolicysubentry: cn=services,ou=policies,%s\n\n' "$2" "$SUFFIX"
}
person() { # NAME UNIT
  printf 'dn: uid=%s,ou=%s,%s\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s Example\nsn: Example\n' "$1" "$2" "$SUFFIX" "$1" "$1"
  printf 'mail: %s@example.org\nuserPassword: %s\n' "$1" "$USER_PW"
  case $1 in
    admin-zoe) echo 'employeeType: admin' ;;
    frank) printf 'pwdpolicysubentry: cn=min-age,ou=policies,%s\npasswordAllowChangeTime: %s\n' "$SUFFIX" "$(date -u -d '+1 day' +%Y%m%d%H%M%SZ)" ;;
    grace) printf 'pwdpolicysubentry: cn=long,ou=policies,%s\n' "$SUFFIX" ;;
  esac
  echo
}
data() {
  local name
  printf 'version: 1\n\ndn: %s\nobjectClass: top\nobjectClass: domain\ndc: example\n\n' "$SUFFIX"
  unit people
  aci '="userPassword"' 'service sets passwords' write "$SVC_DN"
  aci '="accountUnlockTime || passwordRetryCount || retryCountResetTime || passwordExpirationTime"' 'service unlocks' \
    'read,search,compare,write' "$SVC_DN"
  aci '!="userPassword"' 'everybody reads' 'read,search,compare' all
  aci '="userPassword"' 'own password' write self
  echo
  for name in other services policies; do unit $name; echo; done
  named_policy min-age 's/^passwordMinAge:.*/passwordMinAge: 86400/'
  named_policy must-change 's/^passwordMustChange:.*/passwordMustChange: on/'
  named_policy long 's/^passwordMinLength:.*/passwordMinLength: 20/'
  # A service account that a test locks with wrong passwords would take every other test with it.
  named_policy services 's/^passwordLockout:.*/passwordLockout: off/'
  service svc-portcullis "$SVC_PW"
  service svc-readonly "$READONLY_PW"
  for name in $PEOPLE; do person "$name" people; done
  person oscar other
}

create() {
  need ns-slapd certutil pk12util pwdhash openssl
  PEOPLE_DN=ou=people,$SUFFIX
  SVC_DN=cn=svc-portcullis,ou=services,$SUFFIX
  ADMIN_DN='cn=Directory Manager'
  mkdir -p "$DIR"/{etc,db,dbhome,log,run,lock,ldif,bak,inst,tmp}
  authorities
  certificate right -newkey rsa:2048 -nodes # NSS of Debian 12 does not import the EC keys that openssl writes
  key_database
  configuration >"$DIR/etc/dse.ldif"
  data >"$DIR/ldif/data.ldif"
  ns-slapd ldif2db -D "$DIR/etc" -n userRoot -i "$DIR/ldif/data.ldif" >"$DIR/log/import" 2>&1 ||
    { tail -n 20 "$DIR/log/import" >&2; die "the data was not imported"; }
  LDAP_URL=ldap://$ADDRESS:3890 LDAPS_URL=ldaps://$ADDRESS:6360 CA_FILE=$DIR/tls/ca.pem OTHER_CA_FILE=$DIR/tls/other-ca.pem
  BASE_DN=$SUFFIX POLICIES_DN=ou=policies,$SUFFIX READONLY_DN=cn=svc-readonly,ou=services,$SUFFIX DOMAIN=example.org
  env_file ADDRESS LDAP_URL LDAPS_URL CA_FILE OTHER_CA_FILE BASE_DN PEOPLE_DN POLICIES_DN DOMAIN \
    SVC_DN SVC_PW READONLY_DN READONLY_PW ADMIN_DN ADMIN_PW USER_PW
}
launch() {
  # After a crash the lock names a process that may still be there as a zombie; common.sh knows that it is gone.
  rm -rf "$DIR/run/slapd.pid" "$DIR"/lock/*
  # It goes into the background by itself: in the foreground ("-d 0") it would not log what went wrong.
  ns-slapd -D "$DIR/etc" -i "$DIR/run/slapd.pid" >>"$DIR/log/out" 2>&1 </dev/null ||
    { tail -n 20 "$DIR/log/out" "$DIR/log/errors" >&2; die "ns-slapd failed"; }
  local i
  for ((i = 0; i < 200; i++)); do [ -s "$DIR/run/slapd.pid" ] && break; sleep 0.05; done
  [ -s "$DIR/run/slapd.pid" ] || { tail -n 20 "$DIR/log/errors" >&2; die "ns-slapd wrote no process id"; }
  started "$(cat "$DIR/run/slapd.pid")"
  ready "$ADDRESS:6360" "$DIR/log/errors"
}
main "$@"
