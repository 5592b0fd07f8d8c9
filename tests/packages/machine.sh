# shellcheck shell=bash
# Machines for the tests of packages: a Debian system with systemd as its first process, in namespaces of
# its own, without any network but its loopback. A machine is a layer above a directory that
# tests/packages/build-root made, and leaves that as it is.

# Boots a machine: NAME, SUITE. Sets nothing; the others take NAME.
machine_start() {
    local name=$1 suite=$2 home=$MACHINES/$1 waited
    mkdir -p "$home"/{upper,work,root}
    mount -t overlay "handsetd-$name" -o \
        "lowerdir=$HANDSETD_TEST_ROOTS/$suite,upperdir=$home/upper,workdir=$home/work" "$home/root"
    # The first process of a PID namespace takes everything in it along.
    unshare --mount --pid --ipc --uts --net --cgroup --fork --kill-child=KILL --propagation private \
        bash -c "$(declare -f machine_init); machine_init '$home/root'" >"$home/console" 2>&1 </dev/null &
    echo $! >"$home/pid"
    # Half a minute.
    for ((waited = 0; waited < 60; waited++)); do
        sleep 0.5
        case $(machine_run "$name" systemctl is-system-running 2>/dev/null || true) in
            running | degraded) return 0 ;;
        esac
    done
    say "systemd does not start in $suite:"
    sed 's/^/    /' "$home/console"
    machine_run "$name" systemctl --failed --no-pager || true
    return 1
}

# Runs in the namespaces of a new machine, and becomes its systemd.
machine_init() {
    set -euo pipefail
    local root=$1 device
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    ip link set lo up
    # A process in a chroot may not create user namespaces, which PrivateUsers= needs.
    cd "$root"
    pivot_root . mnt
    cd /
    umount --lazy /mnt
    exec env -i container=handsetd-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
}

# Runs a command as root of a machine, as from a login.
machine_run() {
    local name=$1 init
    shift
    init=$(pgrep --parent "$(<"$MACHINES/$name/pid")")
    nsenter --target "$init" --mount --pid --ipc --uts --net --cgroup --root --wd \
        env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# Prints the directory that a machine sees as /root.
machine_files() {
    printf '%s\n' "$MACHINES/$1/root/root"
}

machine_stop() {
    local home=$MACHINES/$1 pid
    [[ -d $home ]] || return 0
    if [[ -f $home/pid ]]; then
        pid=$(<"$home/pid")
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    fi
    umount --lazy "$home/root" 2>/dev/null || true
    rm -rf --one-file-system "$home"
}
