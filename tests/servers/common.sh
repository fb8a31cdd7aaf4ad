# Sourced by the scripts beside this one, each of which starts one throw-away directory server on loopback.
#
#   openldap.sh|samba.sh|ds389.sh  start DIR    DIR empty or absent: make a server below DIR and start it
#                                               DIR made before: start it again, same address, same data
#                                  stop DIR     end it in good order (files stay)
#                                  kill DIR     end it as a crash would
#                                  pause DIR    stop answering without closing anything;   resume DIR   go on
#
# `start` returns once the server answers a TLS handshake with its own certificate; everything that a client has to know
# is then in DIR/env (lines NAME='value'). Nothing of a packaged instance is used or touched, nothing is installed.
# Each script says which environment variables make variants; REQUIRE_TLS=0 (a simple bind without TLS is taken) and
# ADDRESS (default: a random loopback address) work everywhere.
#
# A script defines `create` (DIR -> files and DIR/env) and `launch` (starts the server and calls `started PID`).

set -euo pipefail
umask 077
export LC_ALL=C

USER_PW='Initial-Passw0rd1'
SVC_PW='Svc-Passw0rd-1'
READONLY_PW='Readonly-Passw0rd-1'
ADMIN_PW='Admin-Passw0rd-1'
# admin-zoe is the one that an operator excludes; frank's password must be a day old before he may change it; grace
# needs 20 characters; oscar lives where the service account has no rights.
PEOPLE='alice bob carol dave erin frank grace heidi admin-zoe'

die() { echo "$(basename "$0"): $*" >&2; exit 1; }
# Something that this machine lacks, which is no failure of the server: exit code 69 (EX_UNAVAILABLE of sysexits.h).
unavailable() { echo "$*" >&2; exit 69; }

# --- the process -----------------------------------------------------------------------------------------------------

# A process id alone may be somebody else's by now; with the time of its start it cannot be.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
# Where PID 1 does not reap, as in many containers, an ended server stays as a zombie: gone all the same.
gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
started() { echo "$1 $(start_time "$1")" >"$DIR/pid"; }
running() { # sets PID
  local at
  [ -s "$DIR/pid" ] && read -r PID at <"$DIR/pid" && ! gone "$PID" && [ "$(start_time "$PID")" = "$at" ]
}
end() { # SIGNAL
  local i
  if running; then
    kill "-$1" "$PID"
    kill -CONT "$PID" 2>/dev/null || true # a paused one would never see the signal
    for ((i = 0; i < 200; i++)); do gone "$PID" && break; sleep 0.05; done
    gone "$PID" || kill -KILL "$PID" 2>/dev/null || true
  fi
  rm -f "$DIR/pid"
}
ready() { # ADDRESS:PORT LOG...
  local where=$1 want i; shift
  want=$(openssl x509 -in "$DIR/tls/server.pem" -noout -fingerprint -sha256)
  for ((i = 0; i < 600; i++)); do
    running || { tail -n 20 "$@" >&2; die "the server ended while it started"; }
    # A look at the port first: openssl takes many times longer to start than the server needs to bind.
    if (exec 3<>"/dev/tcp/${where/://}") 2>/dev/null && [ "$want" = "$(timeout 5 openssl s_client -connect "$where" \
      </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 2>/dev/null)" ]; then return 0; fi
    sleep 0.05
  done
  tail -n 20 "$@" >&2
  die "the server was not ready within 30 seconds"
}

# --- certificates ----------------------------------------------------------------------------------------------------

ec_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
authority() { # NAME
  openssl req -x509 "${ec_key[@]}" -days 90 -keyout "$DIR/tls/$1.key" -out "$DIR/tls/$1.pem" -subj "/CN=throw-away $1" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}
# ca.pem issued the server's certificate; other-ca.pem issued nothing: whoever trusts only that one must refuse.
authorities() { mkdir -p "$DIR/tls"; authority ca; authority other-ca; }
# server.pem and server.key. KIND: right, other-host (a name that is not the server's), expired (ended in 2021),
# ends-soon (in ten days).
certificate() { # KIND [openssl req key options]
  local kind=$1 names="DNS:localhost,IP:$ADDRESS" tls="$DIR/tls" dates=(-days 90); shift
  case $kind in
    right) ;;
    other-host) names=DNS:elsewhere.example ;;
    expired) dates=(-startdate 20200101000000Z -enddate 20210101000000Z) ;;
    ends-soon) dates=(-days 10) ;;
    *) die "TLS_CERT is $kind: give right, other-host, expired or ends-soon" ;;
  esac
  [ $# -gt 0 ] || set -- "${ec_key[@]}"
  openssl req "$@" -keyout "$tls/server.key" -out "$tls/server.csr" -subj "/CN=throw-away server" 2>/dev/null
  # `openssl ca` and not `x509 -req`, which cannot date a certificate back.
  : >"$tls/index.txt"
  cat >"$tls/ca.conf" <<C
[ca]
default_ca = throwaway
[throwaway]
database = $tls/index.txt
new_certs_dir = $tls
certificate = $tls/ca.pem
private_key = $tls/ca.key
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = $names
basicConstraints = CA:FALSE
keyUsage = digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
C
  openssl ca -batch -notext -config "$tls/ca.conf" "${dates[@]}" -in "$tls/server.csr" -out "$tls/server.pem" \
    2>"$tls/ca.log" || { cat "$tls/ca.log" >&2; die "the certificate could not be made"; }
}

# --- commands --------------------------------------------------------------------------------------------------------

env_file() { # NAME... : the variables of these names, to DIR/env
  local name
  for name in "$@"; do printf "%s='%s'\n" "$name" "${!name}"; done >"$DIR/env"
}
need() { # PROGRAM...
  local program
  for program in "$@"; do command -v "$program" >/dev/null || unavailable "$program is not installed"; done
}
main() {
  [ $# = 2 ] || die "usage: $(basename "$0") start|stop|kill|pause|resume DIR"
  DIR=$2
  # Daemons live in sbin, which is not in everybody's path.
  PATH=$PATH:/usr/sbin:/sbin
  case $1 in
    start)
      mkdir -p "$DIR"; DIR=$(cd "$DIR" && pwd)
      running && die "already running below $DIR"
      if [ ! -e "$DIR/env" ]; then
        [ -z "$(ls -A "$DIR")" ] || die "$DIR is neither empty nor a server's"
        # 127.0.0.0/8 is loopback as a whole. An address of its own instead of a port of its own: nothing else is on it,
        # it is still there after a restart, and Samba's ports cannot be moved anyhow.
        ADDRESS=${ADDRESS:-127.$((SRANDOM % 200 + 20)).$((SRANDOM % 256)).$((SRANDOM % 254 + 1))}
        create
      fi
      . "$DIR/env"
      launch
      ;;
    stop) end TERM ;;
    kill) end KILL ;;
    pause)
      running && kill -STOP "$PID"
      # Threads stop one by one, after the signal was sent.
      while [ -n "$(grep -sL '^State:.T' /proc/"$PID"/task/*/status)" ]; do sleep 0.01; done
      ;;
    resume) running && kill -CONT "$PID" ;;
    *) die "unknown command $1" ;;
  esac
}
