# Writes commit.inc: the commit a build is made from and whether tracked files were changed.
# cmake -DSOURCE=… -DOUTPUT=… -P commit.cmake. Touches the file only when its text changes.
set(commit "unknown")
set(dirty "false")
execute_process(COMMAND git rev-parse HEAD WORKING_DIRECTORY ${SOURCE}
                OUTPUT_VARIABLE out RESULT_VARIABLE code OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(code EQUAL 0)
  set(commit "${out}")
  execute_process(COMMAND git status --porcelain --untracked-files=no WORKING_DIRECTORY ${SOURCE}
                  OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(dirty "true")
  endif()
endif()
set(text "inline constexpr char kCommit[] = \"${commit}\";\ninline constexpr bool kDirty = ${dirty};\n")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${OUTPUT} "${text}")
endif()
