# Asks handsetd itself for what it knows: phones, and the keys and values of the verb on the line. Fails where
# that is nothing.
function __fish_handsetd_ask
    set -l words (commandline -opc)
    # A quote that is still open is no part of the word.
    set -l word (string replace -r '^[\'"]' '' -- (commandline -ct))
    set -g __fish_handsetd_answer ($words[1] complete -- $words[2..-1] "$word" 2>/dev/null </dev/null)
end

complete -c handsetd -n __fish_handsetd_ask -f -a '$__fish_handsetd_answer'
# Of options, only their own candidates are offered.
complete -c handsetd -n __fish_handsetd_ask -l phone -x -a '$__fish_handsetd_answer'
complete -c handsetd -n __fish_handsetd_ask -l why -x -a '$__fish_handsetd_answer'
