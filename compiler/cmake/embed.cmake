# cmake -DFROM=file -DTO=file.inc -P embed.cmake writes the bytes of a file as a list of numbers, for an array in C++.
file(READ ${FROM} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${TO} "${bytes}\n")
