/** What a change may be, as `docker commit` and `docker import` have it, and how each is written. */
export const USAGE: ReadonlyMap<string, string> = new Map([
  ['CMD', 'CMD ["program", "argument"], or CMD and a command line for the shell'],
  ['ENTRYPOINT', 'ENTRYPOINT ["program", "argument"], or ENTRYPOINT and a command line for the shell'],
  ['ENV', 'ENV NAME=value OTHER="two words", or ENV NAME and one value'],
  ['EXPOSE', 'EXPOSE 80 53/udp 8000-8010/tcp'],
  ['HEALTHCHECK', 'HEALTHCHECK --interval=30s --retries=3 CMD and a command, or HEALTHCHECK NONE'],
  ['LABEL', 'LABEL name=value other="two words", or LABEL name and one value'],
  ['ONBUILD', 'ONBUILD and an instruction such as RUN make'],
  ['STOPSIGNAL', 'STOPSIGNAL SIGTERM, or a number from 1 to 64'],
  ['USER', 'USER name, USER uid or USER user:group'],
  ['VOLUME', 'VOLUME /data /cache, or VOLUME ["/data", "/cache"]'],
  ['WORKDIR', 'WORKDIR /path'],
]);
