#!/usr/bin/python3
"""samba-provision.py SMB_CONF ADDRESS: makes the domain that samba.sh serves. Called by samba.sh alone.

`samba-tool domain provision` would take a second more and wants extended attributes, which a container may not have.
Runs under the system's own Python, for which python3-samba is made.
"""
import logging
import os
import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.provision import FILL_FULL, provision

conf, address = sys.argv[1:3]
lp = LoadParm()
lp.load(conf)
logger = logging.getLogger("provision")
logger.addHandler(logging.StreamHandler(sys.stderr))
logger.setLevel(logging.WARNING)
sam = provision(
    logger, system_session(), smbconf=conf, samdb_fill=FILL_FULL, realm=lp.get("realm"), domain=lp.get("workgroup"),
    hostname=lp.get("netbios name").lower(), hostip=address, adminpass=os.environ["ADMIN_PW"], dns_backend="NONE",
    serverrole="active directory domain controller", dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2, lp=lp,
    batch_mode=True).samdb
base = sam.domain_dn()
domain_sid = security.dom_sid(sam.get_domain_sid())

# Durations are negative, in units of 100 ns.
HALF_AN_HOUR = str(-30 * 60 * 10**7)
ONE_DAY = str(-24 * 60 * 60 * 10**7)
NEVER = str(-0x8000000000000000)

# Rights on user objects below OU=Staff: exactly what a reset needs.
USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
LOCKOUT_TIME = "28630ebf-41d5-11d1-a9c1-0000f80367c1"
PWD_LAST_SET = "bf967a0a-0de6-11d0-a285-00aa003049e2"
# On the domain: without it a password that was reset has expired at once (Windows).
UNEXPIRE_PASSWORD = "ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501"


def replace(dn, controls=(), **attributes):
    message = ldb.Message.from_dict(sam, {"dn": dn, **attributes}, ldb.FLAG_MOD_REPLACE)
    sam.modify(message, list(controls))


def user(name, unit, password):
    """Adds a user and returns its SID."""
    dn = f"CN={name},OU={unit},{base}"
    sam.add({"dn": dn, "objectClass": "user", "sAMAccountName": name, "userPrincipalName": f"{name}@corp.example",
             "mail": f"{name}@corp.example", "userAccountControl": "512",
             "unicodePwd": f'"{password}"'.encode("utf-16-le")})
    found = sam.search(dn, ldb.SCOPE_BASE, attrs=["objectSid"])[0]
    return str(ndr_unpack(security.dom_sid, found["objectSid"][0]))


def grant(dn, entries):
    """Adds access control entries, in SDDL, to the end of the object's discretionary list."""
    found = sam.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"])[0]
    sddl = ndr_unpack(security.descriptor, found["nTSecurityDescriptor"][0]).as_sddl(domain_sid)
    end = sddl.find("S:", sddl.index("D:"))
    end = len(sddl) if end < 0 else end
    changed = security.descriptor.from_sddl(sddl[:end] + entries + sddl[end:], domain_sid)
    replace(dn, ["sd_flags:1:4"], nTSecurityDescriptor=ndr_pack(changed))


def password_settings(name, precedence, applies_to, minimum_length="10", minimum_age="0", lockout_threshold="3"):
    sam.add({
        "dn": f"CN={name},CN=Password Settings Container,CN=System,{base}", "objectClass": "msDS-PasswordSettings",
        "msDS-PasswordSettingsPrecedence": precedence, "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
        "msDS-PasswordHistoryLength": "3", "msDS-PasswordComplexityEnabled": "TRUE",
        "msDS-MinimumPasswordLength": minimum_length, "msDS-MinimumPasswordAge": minimum_age,
        "msDS-MaximumPasswordAge": NEVER, "msDS-LockoutThreshold": lockout_threshold,
        "msDS-LockoutObservationWindow": HALF_AN_HOUR, "msDS-LockoutDuration": HALF_AN_HOUR,
        "msDS-PSOAppliesTo": [f"{dn},{base}" for dn in applies_to]})


sam.transaction_start()
replace(base, minPwdLength="10", pwdProperties="1", pwdHistoryLength="3", minPwdAge="0", maxPwdAge=NEVER,
        lockoutThreshold="3", lockoutDuration=HALF_AN_HOUR, lockOutObservationWindow=HALF_AN_HOUR)
for unit in ("Staff", "Service", "Other"):
    sam.add({"dn": f"OU={unit},{base}", "objectClass": "organizationalUnit"})
service = user("svc-portcullis", "Service", os.environ["SVC_PW"])
user("svc-readonly", "Service", os.environ["READONLY_PW"])
grant(f"OU=Staff,{base}", f"(OA;CIIO;CR;{RESET_PASSWORD};{USER};{service})"
      f"(OA;CIIO;RPWP;{LOCKOUT_TIME};{USER};{service})(OA;CIIO;RPWP;{PWD_LAST_SET};{USER};{service})")
grant(base, f"(OA;;CR;{UNEXPIRE_PASSWORD};;{service})")
for name in os.environ["PEOPLE"].split():
    user(name, "Staff", os.environ["USER_PW"])
user("oscar", "Other", os.environ["USER_PW"])
replace(f"CN=heidi,OU=Staff,{base}", userAccountControl="514")
replace(f"CN=admin-zoe,OU=Staff,{base}", adminCount="1")
password_settings("long", "10", ["CN=grace,OU=Staff"], minimum_length="20")
password_settings("min-age", "20", ["CN=frank,OU=Staff"], minimum_age=ONE_DAY)
# A service account that a test locks with wrong passwords would take every other test with it.
password_settings("services", "30", ["CN=svc-portcullis,OU=Service", "CN=svc-readonly,OU=Service"],
                  lockout_threshold="0")
sam.transaction_commit()
