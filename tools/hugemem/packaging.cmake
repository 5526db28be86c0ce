# SPDX-License-Identifier: GPL-2.0-only
# What `make install` and `make deb` put where, beside the program. PREFIX is known when it is installed and not
# before, hence the scripts. The package is made by cpack, which calls the same rules with the prefix /usr.
include(GNUInstallDirs)
set(HUGEMEM_DIST ${CMAKE_CURRENT_SOURCE_DIR}/dist)

# hugemem.1.scd -> hugemem.1.gz, the same bytes whenever it is made
find_program(SCDOC scdoc)
find_program(GZIP gzip)
if(SCDOC AND GZIP)
  set(page ${CMAKE_CURRENT_BINARY_DIR}/hugemem.1.gz)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=0 sh -c "${SCDOC} < '${CMAKE_CURRENT_SOURCE_DIR}/man/hugemem.1.scd' > hugemem.1 && ${GZIP} -9nf hugemem.1"
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
    DEPENDS man/hugemem.1.scd
    COMMENT "man page"
    VERBATIM)
  add_custom_target(hugemem-man DEPENDS ${page})
  add_dependencies(hugemem hugemem-man) # whoever builds the program can install it
  install(FILES ${page} DESTINATION share/man/man1 COMPONENT hugemem)
else()
  message(STATUS "no scdoc: hugemem is installed without its man page")
endif()

install(FILES ${HUGEMEM_DIST}/hugemem.bash DESTINATION share/bash-completion/completions RENAME hugemem
        COMPONENT hugemem)
install(FILES ${HUGEMEM_DIST}/hugemem-alerts.yml README.md DESTINATION share/doc/hugemem COMPONENT hugemem)
install(FILES ${HUGEMEM_DIST}/copyright DESTINATION share/doc/hugemem COMPONENT hugemem)
install(FILES ${HUGEMEM_DIST}/hugemem-export.timer DESTINATION lib/systemd/system COMPONENT hugemem)
install(CODE "set(in \"${HUGEMEM_DIST}/hugemem-export.service.in\")
set(out \"${CMAKE_CURRENT_BINARY_DIR}/hugemem-export.service\")" COMPONENT hugemem)
install(CODE [[
  # The unit names the program where it will be, not where DESTDIR puts it meanwhile.
  set(SBIN "${CMAKE_INSTALL_PREFIX}/sbin")
  configure_file("${in}" "${out}" @ONLY)
  file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system" TYPE FILE FILES "${out}")
]] COMPONENT hugemem)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hugemem)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "hugemem <hugemem@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "how long huge pages take, and where their memory map really is")
set(CPACK_PACKAGE_DESCRIPTION
    "Histograms of how long HugeTLB pages take to be made and released, proof page by
page that their memory map was given back, pages pinned for long, memory blocks,
metrics for Prometheus. Works on x86-64 kernels from 5.10 with BTF; asks the kernel
what it has.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/deb)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL hugemem)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEBIAN_PACKAGE_NAME hugemem)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus-node-exporter")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
