# The union of more than a hundred layers, and how it was mounted.
echo "files $(ls /layers | wc -l)"
echo "newest $(cat /newest)"
echo "removed $(ls /removed)"
echo "written $(echo text >/layers/1 && cat /layers/1)"
echo "mount $(grep ' / / ' /proc/self/mountinfo)"
