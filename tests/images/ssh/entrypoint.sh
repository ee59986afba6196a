#!/bin/sh
# Keys come by environment or by mounted files; what is missing for the host key is made and told.
#   CLONEGATE_SSH_AUTHORIZED_KEYS  public keys that may log in as root, one a line
#     or a mounted file /etc/clonegate/authorized_keys
#   CLONEGATE_SSH_HOST_KEY         the host's private ed25519 key in OpenSSH format
#     or a mounted file /etc/clonegate/ssh_host_ed25519_key
set -eu
umask 077

if [ -n "${CLONEGATE_SSH_AUTHORIZED_KEYS:-}" ]; then
    printf '%s\n' "$CLONEGATE_SSH_AUTHORIZED_KEYS" > /root/.ssh/authorized_keys
elif [ -f /etc/clonegate/authorized_keys ]; then
    cat /etc/clonegate/authorized_keys > /root/.ssh/authorized_keys
else
    echo 'nobody could log in: set CLONEGATE_SSH_AUTHORIZED_KEYS or mount /etc/clonegate/authorized_keys' >&2
    exit 1
fi

key=/etc/ssh/ssh_host_ed25519_key
if [ -n "${CLONEGATE_SSH_HOST_KEY:-}" ]; then
    printf '%s\n' "$CLONEGATE_SSH_HOST_KEY" > "$key"
elif [ -f /etc/clonegate/ssh_host_ed25519_key ]; then
    cat /etc/clonegate/ssh_host_ed25519_key > "$key"
elif [ ! -f "$key" ]; then
    ssh-keygen -q -t ed25519 -N '' -C clonegate-ssh -f "$key"
fi
ssh-keygen -y -f "$key" > "$key.pub"
echo "host key: $(cat "$key.pub")" >&2

unset CLONEGATE_SSH_AUTHORIZED_KEYS CLONEGATE_SSH_HOST_KEY
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e
