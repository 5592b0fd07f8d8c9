# shellcheck shell=bash
# Functions for scripts that install a Debian system into a directory. They expect `say`, and
# $HANDSETD_TEST_ROOTS, where the keyring is written.

readonly LAST_RESORT=http://deb.debian.org/debian
readonly ARCHIVE=http://archive.debian.org/debian

# Prints the first line of each kind (Retrieving, Extracting, ...) of what debootstrap says.
stages() {
    local line kind seen=" "
    while read -r line; do
        read -r _ kind _ <<<"$line"
        [[ $seen != *" $kind "* ]] || continue
        seen+="$kind "
        printf '    %s\n' "$line"
    done
}

# Removes a directory, without following mounts that debootstrap may have left in it.
discard() {
    local root=$1 mounted
    [[ -e $root ]] || return 0
    while read -r mounted; do
        umount --lazy "$mounted"
    done < <(cut -d ' ' -f 5 /proc/self/mountinfo | grep -F "$root/" | sort --reverse)
    rm -rf --one-file-system "$root"
}

# Prints the mirrors to try, best first: that of this machine's own apt.
mirrors() {
    local suite=$1 own
    # Only apt knows which of its sources is Debian itself, and only after an update.
    own=$(debian_sources)
    if [[ -z $own ]]; then
        apt-get update --quiet=2 >&2 || true
        own=$(debian_sources)
    fi
    {
        printf '%s\n' "$own" "$LAST_RESORT"
        # The archive of releases that are too old for the mirrors.
        [[ $suite == sid ]] || printf '%s\n' "$ARCHIVE"
    } | sed '/^$/d; s|/*$||' | awk '!seen[$0]++'
}

# Prints the addresses of the sources that claim to be Debian, without its security archive and third
# parties. Reads both formats of sources, and the lists of mirrors that cloud images use.
debian_sources() {
    # shellcheck disable=SC2016 # the dollars are apt's
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^Debian|Debian|//p' |
        while read -r uri; do
            case $uri in
                mirror+file:*) grep -Eo '^https?://[^[:space:]]+' "${uri#mirror+file:}" || true ;;
                http://* | https://*) printf '%s\n' "$uri" ;;
            esac
        done
}

# Prints the keys to verify the release with. Keys of old releases are eventually removed from the usual
# file, so the retired ones count as well.
keyring() {
    local keys=$HANDSETD_TEST_ROOTS/keyring.gpg folder=/usr/share/keyrings
    cat "$folder/debian-archive-keyring.gpg" >"$keys"
    if [[ -r $folder/debian-archive-removed-keys.gpg ]]; then
        cat "$folder/debian-archive-removed-keys.gpg" >>"$keys"
    fi
    printf '%s\n' "$keys"
}

# debootstrap does not know which proxy apt uses.
if [[ -z ${http_proxy:-} ]]; then
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    [[ -z ${http_proxy:-} ]] || export http_proxy
fi
