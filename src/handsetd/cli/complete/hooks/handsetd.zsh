# Offers what handsetd itself knows: phones, and the keys and values of the verb on the line. Returns 1 where
# that is nothing.
_handsetd_ask() {
    local answer word
    local -a given keys others
    given=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    answer=$("${(Q)words[1]}" complete -- "${given[@]}" 2>/dev/null </dev/null)
    case $? in
        (0) ;;
        (3)
            compset -P '*='
            _files
            return 0
            ;;
        (*) return 1 ;;
    esac
    for word in "${(@f)answer}"; do
        case $word in
            ('') ;;
            (*=) keys+=("$word") ;;
            (*) others+=("$word") ;;
        esac
    done
    (( ! $#keys )) || compadd -S '' -- "${keys[@]}"
    (( ! $#others )) || compadd -- "${others[@]}"
    return 0
}
