# cmake -DBUILD=… -DNAME=… -P Archive.cmake: installs the build with what it needs, stripped, and packs it to BUILD/dist/NAME.tar.xz.
set(dist "${BUILD}/dist")
set(top "${dist}/${NAME}")
file(REMOVE_RECURSE "${dist}")
foreach(component ingot bundle)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${top} --strip --component ${component}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endforeach()
# Equal programs give an equal archive. Higher levels of xz take minutes and win a few per cent.
execute_process(
  COMMAND tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime=2000-01-01Z --mode=go=rX,u+rw --directory=${dist} ${NAME}
  COMMAND xz --threads=0 -2
  OUTPUT_FILE ${dist}/${NAME}.tar.xz
  COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE "${top}")
file(SIZE ${dist}/${NAME}.tar.xz size)
math(EXPR size "${size} / 1000000")
message("${dist}/${NAME}.tar.xz: ${size} MB")
