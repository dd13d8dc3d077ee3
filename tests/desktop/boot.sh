#!/bin/sh
# Inside the new D-Bus session: wakes the accessibility bus and a window manager, then runs the test.
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.a11y.Bus.GetAddress >/dev/null || exit 1
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.freedesktop.DBus.Properties.Set org.a11y.Status IsEnabled "<true>" >/dev/null
openbox --sm-disable >/dev/null 2>&1 &
manager=$!
"$@"
status=$?
kill $manager 2>/dev/null
exit $status
