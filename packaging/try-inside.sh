#!/bin/bash
# The part of try.sh that runs on the machine that it boots. Writes /root/result and ends the machine.
exec >/root/result 2>&1
trap 'systemctl poweroff' EXIT

# expect WHAT WANTED COMMAND...: the output of a command, to the letter.
expect() {
    local what=$1 wanted=$2 got
    shift 2
    got=$("$@" 2>&1)
    if [ "$got" = "$wanted" ]; then echo "good   $what"; else printf 'FAILED %s\n  wanted: %s\n  got:    %s\n' "$what" "$wanted" "$got"; fi
}

# under_unit NAME COMMAND [SETTINGS]: a command with the user and every restriction of the unit; prints how it ended.
under_unit() {
    local folder=/run/systemd/system/portcullis.service.d
    mkdir -p $folder
    printf '[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nStandardOutput=append:/root/log\nStandardError=append:/root/log\nExecStart=\nExecStart=%s\n%b' \
        "$2" "${3-}" >$folder/try.conf
    systemctl daemon-reload
    printf '\n== %s\n' "$1" >>/root/log
    systemctl start portcullis 2>/dev/null
    systemctl show --property=ExecMainStatus --value portcullis
    rm -r $folder
    systemctl daemon-reload
}

for path in "750 root:portcullis /etc/portcullis" "750 root:portcullis /etc/portcullis/connectors" \
    "750 root:portcullis /etc/portcullis/plugins" "644 root:root /etc/portcullis/portcullis.toml" "755 root:root /usr/bin/portcullis"; do
    expect "${path##* } is ${path% *}" "$path" stat -c '%a %U:%G %n' "${path##* }"
done
expect "it is not enabled" disabled systemctl is-enabled portcullis
expect "it is not started" inactive systemctl is-active portcullis
expect "the unit has no mistakes" "" systemd-analyze verify portcullis.service
expect "the man page is found" /usr/share/man/man1/portcullis-reset.1.gz man -w portcullis-reset

cp /usr/share/doc/portcullis/examples/{mock.toml,people.ldif} /etc/portcullis/connectors/
cp /usr/share/portcullis/plugins/mock.wasm /etc/portcullis/plugins/
expect "a plugin is compiled under the unit" 0 under_unit compile "/usr/bin/portcullis check"
expect "a compiled plugin is mapped under the unit" 0 under_unit reset "/usr/bin/portcullis reset alice@people.example --generate"
for path in "700 portcullis:portcullis /var/lib/portcullis" "700 portcullis:portcullis /var/cache/portcullis/plugins"; do
    expect "${path##* } is ${path% *}" "$path" stat -c '%a %U:%G %n' "${path##* }"
done
expect "MemoryDenyWriteExecute= would break plugins" 18 under_unit mdwe "/usr/bin/portcullis check" "MemoryDenyWriteExecute=yes\n"
expect "no other program can be executed" 203 under_unit shell "/bin/sh -c true"
systemd-analyze security --no-pager portcullis.service | tail -n 1

if /usr/bin/portcullis serve --help >/dev/null 2>&1; then
    rm -f /etc/portcullis/connectors/*
    expect "the service starts" "" systemctl start portcullis
    expect "it is reloaded" "" systemctl reload portcullis
    expect "it runs" active systemctl is-active portcullis
    expect "it stops" "" systemctl stop portcullis
    expect "it stopped well" success systemctl show --property=Result --value portcullis
    journalctl --unit portcullis --output cat --no-pager --lines 20
else
    echo "left out: this portcullis has no command serve"
fi

touch /etc/portcullis/connectors/mine.toml
expect "it is purged" 0 bash -c 'dpkg --purge portcullis >/root/log 2>&1; echo $?'
expect "the operator's files stay" "/etc/portcullis/connectors/mine.toml" find /etc/portcullis/connectors -name 'mine.toml'
expect "nothing else stays" "" bash -c 'ls -d /etc/portcullis/portcullis.toml /usr/bin/portcullis /usr/share/portcullis \
    /var/lib/portcullis /var/cache/portcullis /usr/lib/systemd/system/portcullis.service 2>/dev/null'
echo END
