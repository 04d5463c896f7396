#!/bin/sh
# 1: the file shows what is looked for, an exp that the layout pass meets; 0: it does not.
ingot-opt "$1" --nn-layout 2> /dev/null | grep -q 'nn\.exp' && exit 1
exit 0
