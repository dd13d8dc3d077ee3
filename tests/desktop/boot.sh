#!/bin/sh
# Inside the new D-Bus session: wakes the accessibility bus and a window manager, then runs the test.
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.a11y.Bus.GetAddress >/dev/null || exit 1
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.freedesktop.DBus.Properties.Set org.a11y.Status IsEnabled "<true>" >/dev/null
openbox --sm-disable >"$MARU_TEST_OUT/openbox.log" 2>&1 &
manager=$!
# A window that comes while the manager takes over may never be shown.
until xprop -root _NET_SUPPORTING_WM_CHECK 2>/dev/null | grep -q 'window id'; do
    kill -0 $manager || exit 1
    sleep 0.1
done
"$@"
status=$?
kill $manager 2>/dev/null
exit $status
