const GROUPS = {
  shells: 'bash sh',
  coreutils: `
    arch b2sum base32 base64 basename basenc cat chgrp chmod chown chroot cksum comm cp csplit cut date dd df dir dircolors
    dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo
    mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir seq
    sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout
    touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes [`,
  processes:
    'free kill killall pgrep pidof pidwait pkill pmap prlimit ps pstree pwdx renice sysctl top uptime vmstat w watch',
  system: `
    dmesg findmnt flock getopt hostname ionice ipcs logger losetup lsblk lscpu lsns mount mountpoint more namei nsenter rev script
    setpriv setsid swapon taskset umount unshare`,
  text: 'awk cmp diff egrep fgrep find grep less mawk sed which xargs',
  archives: 'gunzip gzip tar zcat',
  network: 'ip ping ss',
  terminal: 'clear infocmp reset tabs tput tset',
  libc: 'getconf getent iconv ldconfig ldd locale',
};

/**
 * Programs of an image for which none were asked: what a person finds on a small distribution. Those the machine does not have are
 * left out.
 */
export const DEFAULT_PROGRAMS: readonly string[] = Object.values(GROUPS).flatMap((names) => names.trim().split(/\s+/));
