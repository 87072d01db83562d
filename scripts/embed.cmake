# Writes files as texts of C++: an array of {name without folder and ending, text}, in the order given.
# cmake -DOUTPUT=… -DNAME=… "-DFILES=a.py;b.py" -P embed.cmake
set(text "// Made by scripts/embed.cmake.\ninline constexpr EmbeddedText ${NAME}[] = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(stem "${file}" NAME_WE)
  file(READ "${file}" content)
  string(APPEND text "    {\"${stem}\",\n     R\"EMBEDDED(${content})EMBEDDED\"},\n")
endforeach()
string(APPEND text "};\n")
file(WRITE "${OUTPUT}" "${text}")
