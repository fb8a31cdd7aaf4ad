#!/bin/bash
# A throw-away Samba domain controller: Active Directory's LDAP on the ports 389 and 636, which Samba cannot move.
# How to call it: see common.sh. Ports below 1024 need root or CAP_NET_BIND_SERVICE. Ready in 6 to 12 seconds, most of
# which is provisioning; variants by environment variable:
#   REQUIRE_TLS=0      take simple binds and writes without TLS
#   SNAPSHOTS=DIR      keep what provisioning made in DIR and start from it the next time: 1 second
. "$(dirname "$0")/common.sh"
HERE=$(cd "$(dirname "$0")" && pwd)

configuration() {
  cat <<C
[global]
  netbios name = DC1
  realm = CORP.EXAMPLE
  workgroup = CORP
  server role = active directory domain controller
  # LDAP alone: nothing here needs Kerberos, DNS or file shares.
  server services = ldap
  interfaces = $ADDRESS/8
  bind interfaces only = yes
  private dir = $DIR/private
  state directory = $DIR/state
  cache directory = $DIR/cache
  lock directory = $DIR/lock
  pid directory = $DIR/run
  ncalrpc dir = $DIR/ncalrpc
  binddns dir = $DIR/private
  ntp signd socket directory = $DIR/run/ntp_signd
  winbindd socket directory = $DIR/run/winbindd
  log file = $DIR/log/log.%m
  max log size = 0
  tls enabled = yes
  tls keyfile = $DIR/tls/server.key
  tls certfile = $DIR/tls/server.pem
  tls cafile = $DIR/tls/ca.pem
  tls dh params file = $DIR/tls/dh.pem
  posix:eadb = $DIR/private/eadb.tdb
  # Nobody needs this data after a power failure.
  ldb:nosync = true
  # Samba's default lets the old password bind for an hour after a reset, which Windows does not do over LDAP.
  old password allowed period = 0
C
  [ "${REQUIRE_TLS:-1}" = 0 ] && echo '  ldap server require strong auth = no'
  printf '[sysvol]\n  path = %s/state/sysvol\n  read only = no\n' "$DIR"
  printf '[netlogon]\n  path = %s/state/sysvol/corp.example/scripts\n  read only = no\n' "$DIR"
}
provision() {
  PEOPLE=$PEOPLE USER_PW=$USER_PW SVC_PW=$SVC_PW READONLY_PW=$READONLY_PW ADMIN_PW=$ADMIN_PW \
    /usr/bin/python3 "$HERE/samba-provision.py" "$DIR/smb.conf" "$ADDRESS" >"$DIR/log/provision" 2>&1 ||
    { tail -n 20 "$DIR/log/provision" >&2; die "provisioning failed"; }
}
create() {
  need samba openssl
  [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import samba.provision' 2>/dev/null || unavailable "python3-samba is not installed"
  [ -d /usr/share/samba/setup/ad-schema ] || unavailable "samba-ad-provision is not installed"
  [ -e "$(/usr/bin/python3 -c 'import samba.param; print(samba.param.modules_dir())')/ldb/samba_dsdb.so" ] ||
    unavailable "samba-dsdb-modules is not installed"
  /usr/bin/python3 -c "import socket; socket.socket().bind(('$ADDRESS', 636))" 2>/dev/null ||
    unavailable "Samba's ports 389 and 636 need root or CAP_NET_BIND_SERVICE"
  mkdir -p "$DIR"/{private,state/sysvol/corp.example/scripts,cache,lock,run,ncalrpc,log}
  authorities
  certificate right
  # Without fixed parameters Samba computes some at every start: up to 5 seconds.
  openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out "$DIR/tls/dh.pem" 2>/dev/null
  configuration >"$DIR/smb.conf"
  local snapshot=''
  # A snapshot fits the release of Samba and the scripts that made it, no other.
  [ -z "${SNAPSHOTS:-}" ] || snapshot=$SNAPSHOTS/samba-$({ samba --version; cat "$HERE"/{common.sh,samba.sh,samba-provision.py}; } | sha256sum | cut -c1-16).tar
  if [ -s "$snapshot" ]; then
    tar -C "$DIR" -xf "$snapshot"
  else
    provision
    if [ -n "$snapshot" ]; then
      mkdir -p "$SNAPSHOTS"
      tar -C "$DIR" -cf "$snapshot.$$" private state
      mv "$snapshot.$$" "$snapshot"
    fi
  fi
  BASE_DN=DC=corp,DC=example DOMAIN=corp.example
  LDAP_URL=ldap://$ADDRESS:389 LDAPS_URL=ldaps://$ADDRESS:636 CA_FILE=$DIR/tls/ca.pem OTHER_CA_FILE=$DIR/tls/other-ca.pem
  PEOPLE_DN=OU=Staff,$BASE_DN POLICIES_DN="CN=Password Settings Container,CN=System,$BASE_DN"
  SVC_DN=CN=svc-portcullis,OU=Service,$BASE_DN READONLY_DN=CN=svc-readonly,OU=Service,$BASE_DN
  ADMIN_DN=CN=Administrator,CN=Users,$BASE_DN
  env_file ADDRESS LDAP_URL LDAPS_URL CA_FILE OTHER_CA_FILE BASE_DN PEOPLE_DN POLICIES_DN DOMAIN \
    SVC_DN SVC_PW READONLY_DN READONLY_PW ADMIN_DN ADMIN_PW USER_PW
}
launch() {
  rm -rf "$DIR"/lock/* "$DIR"/run/*
  # One process, in the foreground, in a session of its own: Ctrl-C in the terminal of a test run does not reach it.
  setsid samba -i -M single -s "$DIR/smb.conf" >>"$DIR/log/samba" 2>&1 </dev/null &
  started $!
  ready "$ADDRESS:636" "$DIR/log/samba"
}
main "$@"
