// The React Native sample of the Charging WebSocket API's README (version 1.0.0, MIT), word for word.
const ChargingControl = ({ token, chargePointId }) => {
  const ws = useRef(null);
  const [isConnected, setIsConnected] = useState(false);
  const [isCharging, setIsCharging] = useState(false);
  const [status, setStatus] = useState('Disconnected');

  useEffect(() => {
    connectWebSocket();
    return () => {
      if (ws.current) {
        ws.current.close();
      }
    };
  }, []);

  const connectWebSocket = () => {
    ws.current = new WebSocket('ws://localhost:8082/ws');

    ws.current.onopen = () => {
      setIsConnected(true);
      setStatus('Connected');
      // Authenticate
      ws.current.send(JSON.stringify({
        id: '1',
        type: 'auth_request',
        timestamp: new Date().toISOString(),
        data: { token }
      }));
    };

    ws.current.onmessage = (event) => {
      const message = JSON.parse(event.data);
      handleWebSocketMessage(message);
    };

    ws.current.onclose = () => {
      setIsConnected(false);
      setIsCharging(false);
      setStatus('Disconnected');
    };
  };

  const handleWebSocketMessage = (message) => {
    switch (message.type) {
      case 'charging_status_update':
        setStatus(message.data.status);
        setIsCharging(message.data.status === 'Charging');
        break;
      case 'start_charging_response':
        if (message.data.success) {
          Alert.alert('Success', 'Charging started!');
        } else {
          Alert.alert('Error', message.data.message);
        }
        break;
      case 'stop_charging_response':
        if (message.data.success) {
          Alert.alert('Success', 'Charging stopped!');
        } else {
          Alert.alert('Error', message.data.message);
        }
        break;
    }
  };

  const startCharging = () => {
    ws.current.send(JSON.stringify({
      id: Date.now().toString(),
      type: 'start_charging_request',
      timestamp: new Date().toISOString(),
      data: {
        chargePointId,
        connectorId: 1,
        idTag: 'USER_123'
      }
    }));
  };

  const stopCharging = () => {
    ws.current.send(JSON.stringify({
      id: Date.now().toString(),
      type: 'stop_charging_request',
      timestamp: new Date().toISOString(),
      data: {
        chargePointId,
        transactionId: 12345 // Get from actual session
      }
    }));
  };

  return (
    <View>
      <Text>Status: {status}</Text>
      <Text>Connected: {isConnected ? 'Yes' : 'No'}</Text>
      <Button 
        title="Start Charging" 
        onPress={startCharging}
        disabled={!isConnected || isCharging}
      />
      <Button 
        title="Stop Charging" 
        onPress={stopCharging}
        disabled={!isConnected || !isCharging}
      />
    </View>
  );
};

module.exports = ChargingControl;
