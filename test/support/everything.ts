/**
 * For a shell in a container of the test images: makes one of everything that a layer can hold, and deletes and replaces some of
 * what the image has: all that is new lies in `/t`. The same run twice makes the same, but for the times. Most of what is in
 * `/usr/lib` and `/var/lib` goes, so that trees are quicker to read.
 */
export const EVERYTHING = `
  set -e
  mkdir -p /t/dir /t/sub/deep
  echo content > /t/file; ln /t/file /t/dir/again
  setfattr -n user.colour -v red /t/file
  cp /bin/true /t/suid; chown 1000:2000 /t/suid; chmod 6755 /t/suid
  cp /bin/true /t/capable; setcap cap_net_raw+ep /t/capable
  truncate -s 16M /t/sparse; echo end >> /t/sparse
  mknod /t/null c 1 3; mknod /t/disk b 7 0; mkfifo -m 600 /t/pipe
  ln -s nowhere /t/link; ln -P /t/link /t/link-too; ln /t/pipe /t/pipe-too
  printf x > "$(printf '/t/n\\377')"
  mkdir /t/$(printf 'x%.0s' $(seq 120)); echo > /t/$(printf 'x%.0s' $(seq 120))/$(printf 'y%.0s' $(seq 200))
  chmod 1777 /t/dir
  chown 3000000:3000001 /t/sub
  rm /etc/issue; rm -r /usr/share/common-licenses
  rm -r /usr/share/base-files; mkdir /usr/share/base-files; echo new > /usr/share/base-files/new
  rm -r /usr/share/pam; echo file > /usr/share/pam
  rm /etc/debian_version; mkdir /etc/debian_version; echo in > /etc/debian_version/in
  sed -i s/root:x/root:y/ /etc/passwd
  chmod 700 /srv
  rm -r /usr/share/perl /usr/share/zoneinfo /usr/lib/*/perl /usr/lib/*/perl-base /usr/lib/*/gconv /var/lib/dpkg
  touch -d '2001-02-03 04:05:06.789012345' /t/file /t/sub`;
